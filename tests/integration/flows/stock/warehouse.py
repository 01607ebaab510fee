"""A store whose orders are invoices, and whose units M3 books out: what both books say of it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from connector.ledger.people import discard
from connector.ledger.session import transaction
from tests.harness import Connector
from tests.integration.flows.books.counting_house import CountingHouse, invoicing
from tests.integration.flows.refunds.desk import part_of
from tests.integration.flows.stock.stock_story import MUG, PAN, StockStory

FLOW = "issues_to_m3"
ISSUE: dict[str, Any] = {"stock": "issue", "issue": {"partner": "WEB", "location": "MAIN", "reason": "WEB"}}
IN_BOXES = invoicing(invoices=ISSUE, publish={"stock": {"unit": "BOX"}})
CAP = "MUG-002"
TOO_LOW = "WWB3106"  # any id of a message of M3


class Warehouse(CountingHouse):
    """A store whose orders are invoices, and whose units M3 books out."""

    def __init__(self, connector: Connector) -> None:
        """Gives the store its file, and M3 its stock."""
        super().__init__(connector)
        self.stock = StockStory(connector)
        connector.configure(invoicing(invoices=ISSUE, publish={"stock": {}}))
        self.stock.m3_holds(MUG, 20)
        self.stock.m3_holds(CAP, 10)
        self.stock.m3_holds(PAN, 30)

    def on_hand(self, item: str = MUG) -> int:
        """Returns what M3 has on hand."""
        rows = self.sandbox.m3_book()["stock"]
        return int(Decimal(next(one["on_hand"] for one in rows if (one["itno"], one["whlo"]) == (item, "001"))))

    def messages(self) -> list[tuple[str, str]]:
        """Returns item and basic units of each message of M3, negative for those that go out."""
        return [(one["itno"], one["quantity"]) for one in self.sandbox.m3_book()["stock_messages"]]

    def set_messages(self, **values: Any) -> None:
        """Says what becomes of messages from now on."""
        self.sandbox.post(f"{self.sandbox.m3_url}/_control/stock/messages", values)

    def run_messages(self) -> None:
        """Runs what was not executed, as a person does in MMS850."""
        for one in self.sandbox.m3_book()["stock_messages"]:
            self.sandbox.post(f"{self.sandbox.m3_url}/_control/stock/messages/{one['msnr']}/run", {})

    def shown(self, item: str = MUG) -> int | None:
        """Has the stock of an item carried, and returns what the shop shows."""
        self.stock.carry(item)
        return self.stock.shown(item)

    def take_back(self, order: dict[str, Any]) -> None:
        """Refunds one mug, which goes on sale again; the order's own run hears of it, the booking is due."""
        self.change(order, refund={"line_items": [part_of(order["line_items"][0], 1)], "api_restock": True})
        self.connector.run(self.exchange()["id"])

    def remove_line(self, order: dict[str, Any], sku: str) -> None:
        """Takes a line off an order, as staff do."""
        (line,) = [one["id"] for one in order["line_items"] if one["sku"] == sku]
        self.change(order, line_items=[{"id": line, "quantity": 0}])

    def kill_the_next_run(self) -> None:
        """Kills the worker that runs the booking next."""
        self.connector.claim_only(self.exchange(FLOW)["id"])
        self.connector.let_lease_expire()

    def refuse_and_discard(self) -> dict[str, Any]:
        """Places an order of which M3 takes no unit, and has a person discard that."""
        self.m3_fault("MMS850MI/AddAdjust", "nok", times=9)
        order = self.place()
        self.go_on()
        self.end_faults()
        self.discard()
        return order

    def discard(self) -> None:
        """Discards the booking, as a person does who booked by hand."""
        with transaction(self.connector.engine) as connection:
            discard(connection, self.exchange(FLOW)["id"], who="test", why="booked by hand")
