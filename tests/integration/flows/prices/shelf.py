"""A store that publishes prices, over both sandboxes: set prices in M3, let the flow run, read what the shop shows."""

from __future__ import annotations

from typing import Any

import yaml

from connector.flows.prices import pull as prices
from connector.flows.pulling import Pulled
from connector.ledger.offers import mark_due
from connector.ledger.session import transaction
from tests.harness import STORE, Connector
from tests.integration.flows.story import quick_store

FLOW = "prices_to_woo"
PUBLISHED = {"price_list": "WEB", "currency": "EUR"}
SHOWN = ("regular_price", "sale_price", "date_on_sale_from_gmt", "date_on_sale_to_gmt")


class Shelf:
    """The prices of one store."""

    def __init__(self, connector: Connector, *, has_catalogue: bool = False, **published: Any) -> None:
        """Gives the store its file; `has_catalogue` if it publishes M3's items too, which then say what the shop has."""
        self._items = {"items": {}} if has_catalogue else {}
        self.connector = connector
        self.sandbox = connector.sandbox
        self.configure(**published)

    def configure(self, **published: Any) -> None:
        """Publishes prices as `published` says, and nothing else."""
        file = yaml.safe_load(quick_store())
        file["publish"] = {"prices": PUBLISHED | published} | self._items
        self.connector.configure(yaml.safe_dump(file))

    def sell_in(self, unit: str) -> None:
        """Shows prices as ever, and stock in a unit, which the shop then sells in."""
        file = yaml.safe_load(quick_store(unit=unit))
        file["publish"] = {"prices": PUBLISHED, "stock": file["publish"]["stock"]} | self._items
        self.connector.configure(yaml.safe_dump(file))

    def price(self, item: str, amount: str, **more: Any) -> None:
        """Sets a price in M3."""
        row = {"prrf": "WEB", "cucd": "EUR", "itno": item, "sapr": amount, **more}
        self.sandbox.post(f"{self.sandbox.m3_url}/_control/prices", [row])

    def due(self, *items: str) -> None:
        """Marks items due, as news of them does."""
        with transaction(self.connector.engine) as connection:
            mark_due(connection, STORE, flow=FLOW, item_numbers=items)

    def carry(self, *items: str) -> None:
        """Marks items due and runs until everything rests."""
        self.due(*items)
        self.connector.settle()

    def pull(self, *, full: bool = False, for_s: float = 60) -> Pulled:
        """Asks M3 what changed."""
        store = self.connector.process.runtime.store(STORE)
        return prices.pull(self.connector.engine, store, full=full, for_s=for_s)

    def shown(self, sku: str) -> dict[str, Any]:
        """Returns what the shop shows of a product's prices; nothing where there is nothing."""
        rows = self.connector.process.runtime.store(STORE).shop.products.by_sku([sku], fields=(*SHOWN, "date_modified"))
        return {name: rows[sku][0][name] for name in SHOWN if rows[sku][0][name]}

    def write(self, sku: str, **values: Any) -> None:
        """Changes a product in the shop, as a person does."""
        self.sandbox.post(f"{self.sandbox.shop_url}/_control/products", {"sku": sku, **values})

    def offer(self, item: str) -> dict[str, Any]:
        """Returns what stands in the ledger about an item."""
        rows = self.connector.rows(
            "SELECT * FROM offer WHERE flow = :flow AND item_number = :item", flow=FLOW, item=item
        )
        return rows[0]

    def problem(self, item: str) -> str | None:
        """Returns the code of the problem that stands at an item."""
        code: str | None = self.offer(item)["problem_code"]
        return code

    def m3_calls(self) -> dict[str, int]:
        """Returns how often each transaction was asked for."""
        calls: dict[str, int] = self.sandbox.m3_book()["calls"]
        return calls

    def batches(self) -> list[dict[str, Any]]:
        """Returns the audit of what was written to the shop, newest last."""
        return self.connector.rows("SELECT key, before, after FROM audit WHERE action = 'write prices' ORDER BY id")
