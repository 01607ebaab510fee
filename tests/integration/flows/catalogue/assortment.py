"""A store that publishes items, over both sandboxes: change items in M3, let the flow run, read what the shop holds."""

from __future__ import annotations

from typing import Any

import requests
import yaml

from connector.flows.catalogue import pull as items
from connector.flows.pulling import Pulled
from connector.ledger.offers import mark_due, wake_due
from connector.ledger.session import transaction
from tests.harness import SETTLED_S, STORE, Connector
from tests.integration.flows.story import quick_store

FLOW = "items_to_woo"


class Assortment:
    """The items and products of one store."""

    def __init__(self, connector: Connector, **published: Any) -> None:
        """Gives the store its file."""
        self.connector = connector
        self.sandbox = connector.sandbox
        self.configure(**published)

    def configure(self, **published: Any) -> None:
        """Publishes items as `published` says, and nothing else."""
        self.publish({"items": published})

    def publish(self, parts: dict[str, Any], *, without_tax_class: str = "") -> None:
        """Publishes these parts; the table of tax classes may lack a code."""
        file = yaml.safe_load(quick_store())
        file["publish"] = parts
        file["lookups"]["tax_class"].pop(without_tax_class, None)
        self.connector.configure(yaml.safe_dump(file))

    def without_tax_class(self, code: str) -> None:
        """Publishes items with a table of tax classes that lacks a code."""
        self.publish({"items": {}}, without_tax_class=code)

    def delete(self, number: str) -> None:
        """Deletes an item in M3."""
        requests.delete(f"{self.sandbox.m3_url}/_control/items/{number}", timeout=60).raise_for_status()

    def delete_product(self, sku: str) -> None:
        """Deletes a product in the shop for good, past the trash."""
        shop = self.connector.process.runtime.store(STORE).shop
        shop.products._transport.write("DELETE", f"products/{self.product(sku)['id']}?force=true")

    def look_again(self) -> None:
        """Lets the time pass after which postponed items are looked at again, as the sweeper does."""
        self.connector.pass_time(SETTLED_S)
        with transaction(self.connector.engine) as connection:
            wake_due(connection)
        self.connector.settle()

    def shop_products(self) -> list[dict[str, Any]]:
        """Returns what the shop's own book says of its products."""
        held: list[dict[str, Any]] = self.sandbox.shop_book()["products"]
        return held

    def item(self, number: str, name: str | None = None, **fields: Any) -> None:
        """Adds or changes an item in M3."""
        named = {} if name is None else {"name": name}
        self.sandbox.post(f"{self.sandbox.m3_url}/_control/items", [{"itno": number, **named, **fields}])

    def style(self, number: str, *variants: tuple[str, str, str]) -> None:
        """Adds a style and its variants (suffix, colour, size) in M3."""
        self.item(number, f"Style {number}", STCD="0")
        for suffix, colour, size in variants:
            self.item(f"{number}-{suffix}", f"{number} {suffix}", HDPR=number, OPTX=colour, OPTY=size)

    def pull(self, *, full: bool = False, for_s: float = 60) -> Pulled:
        """Asks M3 what changed."""
        store = self.connector.process.runtime.store(STORE)
        return items.pull(self.connector.engine, store, full=full, for_s=for_s)

    def carry(self, *numbers: str) -> None:
        """Makes items due, as news of them does, and runs until everything rests."""
        with transaction(self.connector.engine) as connection:
            mark_due(connection, STORE, flow=FLOW, item_numbers=numbers)
        self.connector.settle()

    def product(self, sku: str) -> dict[str, Any]:
        """Returns the shop's product or variation of a SKU; empty if there is none."""
        rows = self.connector.process.runtime.store(STORE).shop.products.by_sku([sku], as_stored=True)
        return dict(rows[sku][0]) if sku in rows else {}

    def variations(self, parent_id: int) -> list[dict[str, Any]]:
        """Returns the variations of a product."""
        pages = self.connector.process.runtime.store(STORE).shop.products.variation_pages(parent_id)
        return [row for page in pages for row in page.rows]

    def offer(self, number: str) -> dict[str, Any]:
        """Returns what the ledger says of an item."""
        found = self.connector.rows(
            "SELECT * FROM offer WHERE flow = :flow AND item_number = :number", flow=FLOW, number=number
        )
        return found[0] if found else {}

    def trouble(self, number: str) -> str | None:
        """Returns the code of an item's problem, None if all is well."""
        code: str | None = self.offer(number).get("problem_code")
        return code

    def writes(self) -> int:
        """Returns how many lines the audit trail has of writes to the shop."""
        return int(self.connector.rows("SELECT count(*) AS n FROM audit WHERE system = 'shop'")[0]["n"])
