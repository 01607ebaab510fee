"""The table of contents of the flows: name, pool, what it listens to, how it runs. Read by workers, receiver and polls."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from connector.flows import (
    credits_to_m3,
    customers_to_m3,
    customers_to_woo,
    discards_to_woo,
    invoices_to_m3,
    issues_to_m3,
    items_to_woo,
    m3_events,
    order_status_to_woo,
    orders_to_m3,
    payments_to_m3,
    prices_to_woo,
    products_to_m3,
    refunds_to_m3,
    repayments_to_m3,
    settlements_to_m3,
    stock_to_m3,
    stock_to_woo,
)
from connector.flows.context import Run
from connector.flows.outcome import Done


@dataclass(frozen=True)
class FlowEntry:
    """One flow. `topics` are the shop's webhook topics that raise its exchanges, keyed by the id of the resource."""

    name: str
    pool: str
    run: Callable[[Run], Done]
    topics: tuple[str, ...] = ()
    is_awaited: bool = False  # exchanges of other flows may be blocked on its exchanges
    tidy: Callable[[Run], None] | None = None  # clears up in M3 after an exchange that waits for a person


ORDER_TOPICS = (
    "order.created",
    "order.updated",
    "order.deleted",
    "order.restored",
    "action.woocommerce_order_refunded",
)

CUSTOMER_TOPICS = ("customer.created", "customer.updated", "customer.deleted")

PRODUCT_TOPICS = ("product.created", "product.updated", "product.deleted", "product.restored")

FLOWS: dict[str, FlowEntry] = {
    "orders_to_m3": FlowEntry("orders_to_m3", "orders", orders_to_m3.run, topics=ORDER_TOPICS, tidy=orders_to_m3.tidy),
    "refunds_to_m3": FlowEntry("refunds_to_m3", "finance", refunds_to_m3.run, is_awaited=True, tidy=refunds_to_m3.tidy),
    "customers_to_m3": FlowEntry(
        "customers_to_m3", "customers", customers_to_m3.run, topics=CUSTOMER_TOPICS, is_awaited=True
    ),
    "customers_to_woo": FlowEntry("customers_to_woo", "customers", customers_to_woo.run),
    "order_status_to_woo": FlowEntry("order_status_to_woo", "status", order_status_to_woo.run),
    "discards_to_woo": FlowEntry("discards_to_woo", "status", discards_to_woo.run),
    "payments_to_m3": FlowEntry("payments_to_m3", "finance", payments_to_m3.run),
    "credits_to_m3": FlowEntry("credits_to_m3", "finance", credits_to_m3.run),
    "settlements_to_m3": FlowEntry("settlements_to_m3", "finance", settlements_to_m3.run),
    "repayments_to_m3": FlowEntry("repayments_to_m3", "finance", repayments_to_m3.run),
    "invoices_to_m3": FlowEntry("invoices_to_m3", "finance", invoices_to_m3.run),
    "issues_to_m3": FlowEntry("issues_to_m3", "inventory", issues_to_m3.run),
    "items_to_woo": FlowEntry("items_to_woo", "catalog", items_to_woo.run),
    "prices_to_woo": FlowEntry("prices_to_woo", "catalog", prices_to_woo.run),
    "products_to_m3": FlowEntry("products_to_m3", "catalog", products_to_m3.run, topics=PRODUCT_TOPICS),
    "m3_events": FlowEntry("m3_events", "status", m3_events.run),
    "stock_to_woo": FlowEntry("stock_to_woo", "inventory", stock_to_woo.run),
    "stock_to_m3": FlowEntry("stock_to_m3", "inventory", stock_to_m3.run),
}

_BY_TOPIC = {topic: entry for entry in FLOWS.values() for topic in entry.topics}


def flow_for_topic(topic: str) -> FlowEntry | None:
    """Returns the flow that listens to a webhook topic, or None."""
    return _BY_TOPIC.get(topic)
