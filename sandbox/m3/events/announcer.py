"""Turn changes of the state into messages: at once, or gathered for a moment; `post_office` listens with it."""

from collections.abc import Callable
from itertools import islice
from typing import Any
from xml.etree.ElementTree import Element

from sandbox.m3.changes import Change, Operation, Record
from sandbox.m3.events import bods
from sandbox.m3.events.bods import DIVISION, LOGICAL_ID, MASTER, Identity
from sandbox.m3.events.outbox import Outbox
from sandbox.m3.events.settings import EventSettings
from sandbox.m3.events.tables import price_key, table_event
from sandbox.m3.state import State

MOST_NOUNS = 100
ACTIONS = {Operation.CREATE: "Add", Operation.UPDATE: "Replace", Operation.DELETE: "Delete"}
DOCUMENTS = {
    Record.ITEM: "Sync.ItemMaster",
    Record.BALANCE: "Sync.InventoryCount",
    Record.PRICE: "Sync.PriceList",
    Record.ORDER: "Sync.SalesOrder",
    Record.DELIVERY: "Sync.Shipment",
    Record.INVOICE: "Sync.Invoice",
    Record.CUSTOMER: "Sync.CustomerPartyMaster",
}
TABLES = (Record.ITEM, Record.BALANCE, Record.PRICE, Record.ORDER, Record.CUSTOMER)
GATHERED = ("Sync.InventoryCount", "Sync.PriceList")
"""Documents that travel together when they are gathered, one noun each."""


class Announcer:
    """Listens to one state; every method is called under its lock."""

    def __init__(self, state: State, settings: EventSettings, outbox: Outbox) -> None:
        self._state = state
        self._settings = settings
        self._outbox = outbox
        self._variation = 0
        self._sequence = 0
        self._gathered: dict[tuple[str, ...], Change] = {}
        self.gather_until_ms = 0

    def listen(self, change: Change) -> None:
        """Take a change: gather it, or make its messages."""
        for name in self._wanted_names(change):
            if self._settings.batch_ms == 0 or change.operation is Operation.DELETE:
                self._gathered.pop((name, *change.key), None)
                self._make(name, [change])
            else:
                self._gather(name, change)

    def make_gathered(self) -> None:
        """Make the messages of what was gathered."""
        gathered, self._gathered = self._gathered, {}
        names = dict.fromkeys(key[0] for key in gathered)
        for name in names:
            changes = iter([change for key, change in gathered.items() if key[0] == name and self._is_there(change)])
            while batch := list(islice(changes, MOST_NOUNS if name in GATHERED else 1)):
                self._make(name, batch)

    @property
    def has_gathered(self) -> bool:
        """Tell whether changes wait to become messages."""
        return bool(self._gathered)

    def _gather(self, name: str, change: Change) -> None:
        if not self._gathered:
            self.gather_until_ms = self._state.now_ms() + self._settings.batch_ms
            self._outbox.wake()
        key = (name, *change.key)
        old = self._gathered.get(key)
        # Made and changed before anybody was told: it is still new to them.
        self._gathered[key] = old if old and old.operation is Operation.CREATE else change

    def _is_there(self, change: Change) -> bool:
        if change.record is Record.ORDER:
            return change.key[0] in self._state.orders
        if change.record is Record.CUSTOMER:
            return change.key[0] in self._state.customers
        return change.record not in (Record.ITEM, Record.BALANCE) or change.key[0] in self._state.items

    def _wanted_names(self, change: Change) -> list[str]:
        names = []
        if self._settings.bod_url and DOCUMENTS[change.record] in self._settings.documents:
            names.append(DOCUMENTS[change.record])
        if self._settings.event_url and change.record in TABLES and change.record in self._settings.tables:
            names.append(str(change.record))
        return names

    def _make(self, name: str, changes: list[Change]) -> None:
        if name not in DOCUMENTS.values():
            for change in changes:
                self._sequence += 1
                self._outbox.put(name, None, table_event(self._state, change, sequence=self._sequence))
            return
        write = self._writers()[name]
        written = [write(change) for change in changes]
        first = written[0][0]
        payload = bods.envelope(
            name.removeprefix("Sync."),
            [noun for _, noun in written],
            identity=first,
            action=ACTIONS[changes[0].operation],
            now=self._state.now(),
        )
        self._outbox.put(name, _parameters(first, is_alone=len(written) == 1), payload)

    def _writers(self) -> dict[str, Callable[[Change], tuple[Identity, Element]]]:
        return {
            "Sync.ItemMaster": self._item,
            "Sync.InventoryCount": self._balance,
            "Sync.PriceList": self._price,
            "Sync.SalesOrder": self._order,
            "Sync.Shipment": self._shipment,
            "Sync.Invoice": self._invoice,
            "Sync.CustomerPartyMaster": self._customer,
        }

    def _item(self, change: Change) -> tuple[Identity, Element]:
        identity = self._identity(change.key[0], MASTER)
        is_deleted = change.operation is Operation.DELETE
        item = self._state.items[change.key[0]]
        return identity, bods.item_master(item, identity, now=self._state.now(), is_deleted=is_deleted)

    def _balance(self, change: Change) -> tuple[Identity, Element]:
        itno, whlo = change.key
        identity = self._identity(f"{itno}:1", DIVISION, whlo)
        return identity, bods.inventory_count(self._state, itno, whlo, identity)

    def _price(self, change: Change) -> tuple[Identity, Element]:
        key = price_key(change)
        identity = self._identity(f"{key[0]}:{key[-1]}", MASTER)
        return identity, bods.price_list(self._state, key, identity)

    def _order(self, change: Change) -> tuple[Identity, Element]:
        order = self._state.orders[change.key[0]]
        identity = self._identity(order.orno, DIVISION, order.body.head.get("FACI", ""))
        return identity, bods.sales_order(self._state, order, identity)

    def _shipment(self, change: Change) -> tuple[Identity, Element]:
        delivery = self._state.dispatch.deliveries[int(change.key[0])]
        order = self._state.orders[delivery.orno]
        identity = self._identity(f"{delivery.dlix:010d}", DIVISION, order.body.head.get("FACI", ""))
        return identity, bods.shipment(self._state, delivery, identity)

    def _invoice(self, change: Change) -> tuple[Identity, Element]:
        invoice = self._state.dispatch.invoices[int(change.key[0])]
        identity = self._identity(invoice.exin, DIVISION)
        return identity, bods.invoice(self._state, invoice, identity)

    def _customer(self, change: Change) -> tuple[Identity, Element]:
        identity = self._identity(change.key[0], MASTER)
        return identity, bods.customer_party_master(self._state, change.key[0], identity)

    def _identity(self, document_id: str, entity: str, location: str = "") -> Identity:
        # Grows within every document, also over a restart: it begins at the time, as a number of 64 bits.
        self._variation = max(self._variation + 1, self._state.now_ms() * 1_000)
        return Identity(document_id, self._variation, entity, location)


def _parameters(identity: Identity, *, is_alone: bool) -> dict[str, Any]:
    """Write what ION says about a message; it names a document only where there is one."""
    common = {
        "fromLogicalId": LOGICAL_ID,
        "toLogicalId": "lid://infor.ims.shop",
        "encoding": "NONE",
        "characterSet": "UTF-8",
        "accountingEntity": identity.entity,
    }
    if not is_alone:
        return common
    location = {"location": identity.location} if identity.location else {}
    return {**common, **location, "documentId": identity.document_id, "variationId": identity.variation}
