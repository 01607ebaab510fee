"""A store whose products people change in the shop, over both sandboxes: change, let the flow run, look into M3 and the ledger."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import yaml
from sqlalchemy import text
from werkzeug.datastructures import Headers

from connector.flows.polling import Polled
from connector.flows.products.poll import poll_products
from connector.flows.registry import flow_for_topic
from connector.ledger.inbox import record_delivery
from connector.ledger.session import transaction
from connector.m3.programs import item_changes
from tests.harness import STORE, Connector
from tests.integration.flows.story import quick_store
from webhook_receiver.body import SignedBody
from webhook_receiver.intake import delivery

FLOW = "products_to_m3"
FIELDS = ("ITDS", "FUDS", "GRWE")


_KNOW = text("""
INSERT INTO product (store, item_number, sku, product_id, parent_id, kind)
VALUES (:store, :item, :item, :id, :parent, :kind) ON CONFLICT DO NOTHING
""")
_WRITTEN = text("""
INSERT INTO offer (store, flow, item_number, wanted_rev, done_rev, written, written_at)
VALUES (:store, :flow, :item, 1, 1, CAST(:written AS jsonb), ledger_now())
""")


class Desk:
    """What people do to products of one store, and what comes of it."""

    def __init__(self, connector: Connector, **published: Any) -> None:
        """Gives the store its file: the catalogue is the shop's own unless `published` says otherwise."""
        self.connector = connector
        self.sandbox = connector.sandbox
        file = yaml.safe_load(quick_store())
        file["publish"] = {"products": {}} | published
        connector.configure(yaml.safe_dump(file))

    @property
    def store(self) -> Any:
        """The store, ready to be worked for."""
        return self.connector.process.runtime.store(STORE)

    def know(self, item: str, *, flow: str = "items_to_woo", **written: Any) -> int:
        """Binds an item to the shop's product of its SKU, with what was written of it; returns the product's number."""
        row = self.store.shop.products.by_sku([item])[item][0]
        parent = row["parent_id"] or None
        values = {
            **{"store": STORE, "item": item, "id": row["id"], "parent": parent, "flow": flow},
            **{"kind": "variation" if parent else "simple", "written": json.dumps(written)},
        }
        with transaction(self.connector.engine) as connection:
            connection.execute(_KNOW, values)
            connection.execute(_WRITTEN, values)
        return int(row["id"])

    def change(self, sku: str, **values: Any) -> None:
        """Changes a product in the shop, as a person does; nothing is told."""
        self.sandbox.post(f"{self.sandbox.shop_url}/_control/products", {"sku": sku, **values})

    def tell(self, product_id: int, *, topic: str = "product.updated") -> None:
        """Brings the shop's delivery about a product."""
        row = self.store.shop.products.get(product_id)
        body = json.dumps({"id": product_id} if topic == "product.deleted" else row).encode()
        signed = SignedBody(body, len(body), hashlib.sha256(body).hexdigest(), is_genuine=True)
        headers = Headers({"X-WC-Webhook-Topic": topic})
        record_delivery(self.connector.engine, delivery(STORE, headers, body=signed, flow_for_topic=flow_for_topic))

    def run(self) -> None:
        """Runs the product's own exchanges, and leaves what it left for other flows."""
        for row in self.connector.rows("SELECT id FROM exchange WHERE flow = :flow AND state <> 'done'", flow=FLOW):
            self.connector.run(row["id"])

    def poll(self) -> Polled:
        """Asks the shop what changed."""
        return poll_products(self.connector.engine, self.store)

    def item(self, item: str) -> dict[str, str]:
        """Returns what M3 holds of an item."""
        answer = self.store.m3.read([item_changes.get_fields(item, names=FIELDS)])[0]
        return item_changes.read_fields(answer)

    def exchange(self) -> dict[str, Any]:
        """Returns the newest exchange of a product."""
        statement = "SELECT * FROM exchange WHERE flow = :flow ORDER BY id DESC LIMIT 1"
        return self.connector.rows(statement, flow=FLOW)[0]

    def is_due(self, item: str, *, flow: str = "items_to_woo") -> bool:
        """Tells whether a flow has to look at an item."""
        rows = self.connector.rows(
            "SELECT wanted_rev > done_rev AS due FROM offer WHERE flow = :flow AND item_number = :item",
            flow=flow,
            item=item,
        )
        return bool(rows and rows[0]["due"])

    def updates(self) -> int:
        """Returns how often M3 was told to change an item."""
        return int(self.sandbox.m3_book()["calls"].get("MMS200MI/UpdItmBasic", 0))
