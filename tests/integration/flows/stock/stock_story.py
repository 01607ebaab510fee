"""The stock of a shop over M3's balances, for the tests of the stock flows."""

from __future__ import annotations

from itertools import count
from typing import Any

import yaml

from connector.ledger.offers import mark_due, wake_due
from connector.ledger.session import transaction
from tests.harness import STORE, Connector
from tests.integration.flows.story import CUT_S, quick_store

FLOW = "stock_to_woo"
MUG = "MUG-001"
PAN = "PAN-28"
_buyers = count(1)


def stock_store(*, gateway_cut_s: float = CUT_S, **stock: Any) -> str:
    """Returns a store file that shows stock; `stock` are entries of publish.stock."""
    content = yaml.safe_load(quick_store(gateway_cut_s=gateway_cut_s))
    content["publish"] = {"stock": stock}
    return yaml.safe_dump(content)


class StockStory:
    """One store that shows stock."""

    def __init__(self, connector: Connector, **stock: Any) -> None:
        self.connector = connector
        self.sandbox = connector.sandbox
        self.configure(**stock)

    def configure(self, **stock: Any) -> None:
        """Gives the store another file."""
        self.connector.configure(stock_store(**stock))

    def m3_holds(self, item: str, on_hand: object, *, warehouse: str = "001") -> None:
        """Sets what lies in a warehouse of M3."""
        self.sandbox.post(
            f"{self.sandbox.m3_url}/_control/stock", [{"itno": item, "whlo": warehouse, "on_hand": str(on_hand)}]
        )

    def due(self, *items: str, store: str = STORE) -> None:
        """Tells that something was heard of items."""
        with transaction(self.connector.engine) as connection:
            mark_due(connection, store, flow=FLOW, item_numbers=items)

    def carry(self, *items: str, store: str = STORE) -> None:
        """Makes items due and carries what is due."""
        self.due(*items, store=store)
        self.go_on()

    def run_once(self) -> None:
        """Lets one run take what is due."""
        self.connector.pass_time(2)
        row = self.connector.rows("SELECT id FROM exchange WHERE flow = :flow", flow=FLOW)[0]
        self.connector.run(row["id"])

    def go_on(self) -> None:
        """Carries what is due, also what a run left for later."""
        for _ in range(10):
            self.connector.pass_time(2)
            with transaction(self.connector.engine) as connection:
                woken = wake_due(connection)
            due = self.connector.rows(
                "SELECT id FROM exchange WHERE flow = :flow AND state IN ('ready', 'waiting')"
                " AND next_attempt_at <= ledger_now() AND coalesce(not_before <= ledger_now(), true)",
                flow=FLOW,
            )
            if not due and not woken:
                return
            for row in due:
                self.connector.run(row["id"])

    def buy(self, item: str, quantity: int, *, status: str = "processing", saved_late_s: float = 0) -> dict[str, Any]:
        """Places an order of which nothing is announced."""
        number = next(_buyers)
        buyer = {
            **{"first_name": "Iva", "last_name": "Horvat", "email": f"stock{number}@example.com"},
            **{"address_1": "Ilica 1", "city": "Zagreb", "postcode": "10000", "country": "HR"},
        }
        lines = [{"sku": item, "quantity": quantity}]
        return self.sandbox.place(
            billing=buyer, lines=lines, payment_method="stripe", status=status, saved_late_s=saved_late_s
        )

    def set_by_hand(self, item: str, quantity: int) -> None:
        """Changes a quantity in the shop's administration."""
        self.sandbox.post(
            f"{self.sandbox.shop_url}/_control/products", {"sku": item, "stock_quantity": quantity, "deliver": "never"}
        )

    def shown(self, item: str) -> int | None:
        """Returns what the shop shows."""
        rows = self.connector.process.runtime.store(STORE).shop.products.by_sku([item])
        quantity: int | None = rows[item][0]["stock_quantity"]
        return quantity

    def offer(self, item: str, *, store: str = STORE) -> dict[str, Any]:
        """Returns what the ledger holds of an item."""
        return self.connector.rows(
            "SELECT * FROM offer WHERE store = :store AND flow = :flow AND item_number = :item",
            store=store,
            flow=FLOW,
            item=item,
        )[0]

    def stock_writes(self) -> int:
        """Returns how many elements were written to the shop."""
        rows = self.connector.rows("SELECT count(*) AS n FROM audit WHERE action = 'write stock'")
        return int(rows[0]["n"])
