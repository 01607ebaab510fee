"""Everything the sandbox M3 holds, in memory; programs, control and book work on it under its lock."""

import threading
from bisect import insort
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

from sandbox.clock import Clock
from sandbox.m3.changes import Change, Listener, Operation, Record
from sandbox.m3.dispatch import Dispatch
from sandbox.m3.entities import Balance, BatchOrder, ChargeType, Customer, Item, Order, StockMessage
from sandbox.m3.general_ledger import GeneralLedger
from sandbox.m3.indexes import ChangeLog
from sandbox.m3.item_master import ItemMaster
from sandbox.m3.prices import PriceBook, Rate
from sandbox.m3.refusals import Refusal

CONO = "1"
DIVI = "AAA"
FACILITIES = ("001",)
WAREHOUSES = {"001": "Main warehouse", "002": "Returns", "003": "North warehouse"}
LOCATION = "MAIN"
"""WHSL: the one location every warehouse has."""
ORDER_TYPES = {"W01": "Web sale", "W02": "Web return", "W03": "Web credit"}
NEGATIVE_ORDER_TYPES = frozenset({"W02", "W03"})


@dataclass
class State:
    """All tables and number series of one M3 company."""

    clock: Clock
    items: ItemMaster = field(default_factory=ItemMaster)
    balance_changes: ChangeLog[tuple[str, str]] = field(default_factory=ChangeLog)
    moved_balances: set[tuple[str, str]] = field(default_factory=set)
    counts: dict[tuple[str, str], dict[str, str]] = field(default_factory=dict)
    stock_messages: dict[tuple[str, str, str], StockMessage] = field(default_factory=dict)
    runs_stock_messages: bool = True
    lists_stock_messages: bool = True
    stock_messages_fail: str = ""  # the message id (MSID) each of them fails with
    stock_messages_say: str = ""  # MSGD of those that were not executed
    prices: PriceBook = field(default_factory=PriceBook)
    rates: dict[tuple[str, int, str], Rate] = field(default_factory=dict)
    customers: dict[str, Customer] = field(default_factory=dict)
    charge_types: dict[str, ChargeType] = field(default_factory=dict)
    customer_charges: dict[str, list[str]] = field(default_factory=dict)
    order_type_charges: dict[str, list[str]] = field(default_factory=dict)
    set_up: dict[tuple[str, str], dict[str, str]] = field(
        default_factory=dict
    )  # fields a person changed, by table and key
    emails: dict[tuple[str, str], str] = field(default_factory=dict)
    extensions: dict[tuple[str, ...], dict[str, str]] = field(default_factory=dict)
    batch_orders: dict[str, BatchOrder] = field(default_factory=dict)
    orders: dict[str, Order] = field(default_factory=dict)
    dispatch: Dispatch = field(default_factory=Dispatch)
    batch_by_customer: dict[str, dict[str, BatchOrder]] = field(default_factory=dict)
    orders_by_customer: dict[str, dict[str, Order]] = field(default_factory=dict)
    orders_by_reference: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    ledger: GeneralLedger = field(default_factory=GeneralLedger)
    calls: Counter[str] = field(default_factory=Counter)
    writes: list[dict[str, object]] = field(default_factory=list)  # each that took effect, for checkers
    http_calls: int = 0
    clock_offset_s: float = 0
    next_temporary: int = 10_000_001
    next_order: int = 45_001
    next_customer: int = 1
    next_stock_message: int = 1
    listener: Listener | None = None
    lock: threading.RLock = field(default_factory=threading.RLock)

    def now(self) -> datetime:
        """Give the server's time, shifted for tests."""
        return self.clock.now() + timedelta(seconds=self.clock_offset_s)

    def now_ms(self) -> int:
        """Give the time stamp of LMTS fields."""
        return int(self.now().timestamp() * 1000)

    def today(self) -> str:
        """Give the server's date as YYYYMMDD."""
        return self.now().strftime("%Y%m%d")

    def tell(self, record: Record, operation: Operation, *key: str) -> None:
        """Tell the listener, if there is one, that a record changed; called under the lock."""
        if self.listener is not None:
            self.listener(Change(record, operation, key))

    def touch_item(self, item: Item, operation: Operation = Operation.UPDATE) -> None:
        """Stamp an item whose fields were set, list it anew and tell of it."""
        item.changed_ms, item.changed_on = self.now_ms(), self.today()
        self.items.put(item)
        self.tell(Record.ITEM, operation, item.itno)

    def move_stock(
        self,
        itno: str,
        whlo: str,
        *,
        on_hand: Decimal = Decimal(0),
        allocated: Decimal = Decimal(0),
        reserved: Decimal = Decimal(0),
    ) -> Balance:
        """Change a balance by differences, stamp it and tell of it; give the balance. One of no stock item stays as it is."""
        balance = self.items[itno].balances[whlo]
        if not self.items[itno].is_stocked:
            return balance
        balance.on_hand += on_hand
        balance.allocated += allocated
        balance.reserved += reserved
        self.moved_balances.add((itno, whlo))
        self.balance_changes.stamp((itno, whlo), self.now_ms())
        self.tell(Record.BALANCE, Operation.UPDATE, itno, whlo)
        return balance

    def item(self, itno: str) -> Item:
        """Find an item or refuse with WIT0103."""
        found = self.items.get(itno)
        if found is None:
            raise Refusal("WIT0103", "ITNO", value=itno)
        return found

    def customer(self, cuno: str) -> Customer:
        """Find a customer or refuse with WCU0203."""
        found = self.customers.get(cuno)
        if found is None:
            raise Refusal("WCU0203", "CUNO", value=cuno)
        return found

    def batch_order(self, temporary_orno: str) -> BatchOrder:
        """Find a batch order or refuse with WOR0303."""
        found = self.batch_orders.get(temporary_orno)
        if found is None:
            raise Refusal("WOR0303", "ORNO", value=temporary_orno)
        return found

    def order(self, orno: str) -> Order:
        """Find a customer order or refuse with WOR0303."""
        found = self.orders.get(orno)
        if found is None:
            raise Refusal("WOR0303", "ORNO", value=orno)
        found.take_entries(self.now_ms())
        return found

    def add_batch_order(self, batch: BatchOrder) -> None:
        """Store a new batch order in its table and its index."""
        self.batch_orders[batch.temporary_orno] = batch
        self.batch_by_customer.setdefault(batch.body.cuno, {})[batch.temporary_orno] = batch

    def delete_batch_order(self, batch: BatchOrder) -> None:
        """Remove a batch order."""
        del self.batch_orders[batch.temporary_orno]
        del self.batch_by_customer[batch.body.cuno][batch.temporary_orno]

    def add_order(self, order: Order) -> None:
        """Store a new customer order and reserve its stock."""
        cuno = order.body.cuno
        self.orders[order.orno] = order
        self.orders_by_customer.setdefault(cuno, {})[order.orno] = order
        insort(self.orders_by_reference.setdefault(cuno, []), (order.body.head.get("YREF", ""), order.orno))
        for line in order.body.lines.values():
            self.move_stock(line.itno, line.whlo, reserved=max(line.basic_quantity, Decimal(0)))
        self.tell(Record.ORDER, Operation.CREATE, order.orno)

    def delete_order(self, order: Order) -> None:
        """Remove a customer order of which nothing is allocated, and what it reserved."""
        for line in order.body.lines.values():
            self.move_stock(line.itno, line.whlo, reserved=-max(line.basic_quantity, Decimal(0)))
        self.tell(Record.ORDER, Operation.DELETE, order.orno)
        cuno = order.body.cuno
        del self.orders[order.orno], self.orders_by_customer[cuno][order.orno]
        self.orders_by_reference[cuno].remove((order.body.head.get("YREF", ""), order.orno))

    def change_references(self, order: Order, references: dict[str, str]) -> None:
        """Change head references and keep the list by YREF in order."""
        listed = self.orders_by_reference[order.body.cuno]
        listed.remove((order.body.head.get("YREF", ""), order.orno))
        order.body.head |= references
        insort(listed, (order.body.head.get("YREF", ""), order.orno))

    def take_temporary_orno(self) -> str:
        """Give the next number of the batch order series."""
        self.next_temporary += 1
        return f"{self.next_temporary - 1:010d}"

    def take_stock_message(self) -> str:
        """Give the next message number of MMS850MI."""
        self.next_stock_message += 1
        return f"{self.next_stock_message - 1:010d}"

    def take_orno(self) -> str:
        """Give the next number of the customer order series."""
        self.next_order += 1
        return f"{self.next_order - 1:010d}"

    def take_cuno(self) -> str:
        """Give the next free number of the customer series."""
        while True:
            cuno = f"C{self.next_customer:09d}"
            self.next_customer += 1
            if cuno not in self.customers:
                return cuno

    def open_value(self, cuno: str) -> Decimal:
        """Sum what a customer has ordered and not been invoiced for."""
        return sum((line.amount for order in self._open_orders(cuno) for line in order.body.lines.values()), Decimal(0))

    def _open_orders(self, cuno: str) -> Iterator[Order]:
        return (order for order in self.orders_by_customer.get(cuno, {}).values() if order.lowest_status < "77")
