"""Brings the sandbox into the state the recorded shop was in when its REST answers were taken."""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from sandbox.shop.entities import (
    CouponLine,
    FeeLine,
    LineItem,
    Meta,
    Note,
    Order,
    Refund,
    ShippingLine,
    TaxLine,
    Webhook,
)
from sandbox.shop.orders import recalculate
from sandbox.shop.refunds import create_refund
from sandbox.shop.shelf import Shelf
from sandbox.shop.state import Shop

FIXTURES = Path(__file__).parents[2] / "fixtures" / "woocommerce"
NOW = datetime(2026, 11, 22, 1, 55, 56, tzinfo=UTC)


def recorded(name: str) -> Any:
    return json.loads((FIXTURES / "rest-recorded" / f"{name}.json").read_text(encoding="utf-8"))


def moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text).replace(tzinfo=UTC) if text else None


def clock_at(minute: int, second: int) -> datetime:
    return datetime(2026, 11, 22, 1, minute, second, tzinfo=UTC)


def rebuild(shop: Shop) -> None:
    """Load products, customers, orders, refunds and webhooks of the recordings."""
    shop.clock = lambda: NOW
    shop.settings.home_url = "http://127.0.0.1:8089"
    shop.products = Shelf(product for product in shop.products.values() if product.id < 1000)
    _date_products(shop)
    for customer in shop.customers.values():
        customer.created = customer.modified = clock_at(36, 59)
    shop.customers[4].is_paying, shop.customers[4].modified = True, clock_at(46, 39)
    for row in recorded("orders-modified-after-site-time")["body"]:
        _bare_order(shop, row)
    _bare_order(shop, {"id": 93, "status": "trash", "date_modified_gmt": "2026-11-22T01:53:10"})
    page = recorded("orders-list-page1")["body"]
    for body in (*page, recorded("order-get")["body"], recorded("order-get-dp6")["body"]):
        load_order(shop, body)
    for body in recorded("orders-search")["body"]:
        shop.orders[body["id"]].billing = body["billing"]
    _notes(shop)
    _refunds(shop)
    _webhooks(shop)
    shop.counters.post, shop.counters.item, shop.counters.meta = 100, 210, 148


def _date_products(shop: Shop) -> None:
    for product in shop.products.values():
        second = 53 if product.id < 22 else 55 if product.id < 33 else 57 if product.id < 37 else 58
        product.created = product.modified = clock_at(36, second)
    shop.products[61].created, shop.products[79].created = clock_at(46, 57), clock_at(48, 11)
    for row in recorded("products-modified-after")["body"]:
        changed = moment(row["date_modified_gmt"])
        assert changed
        shop.products[row["id"]].modified = changed
    shop.products[10].modified = clock_at(53, 22)


def _bare_order(shop: Shop, row: dict[str, Any]) -> None:
    changed = moment(row["date_modified_gmt"])
    assert changed
    number = row["id"]
    start = clock_at(40, 0) if number < 52 else clock_at(45, 29) if number < 59 else clock_at(47, 0)
    created = start + timedelta(seconds=number)
    order = Order(row["id"], "wc_order_x", created, changed, status=row["status"], total=Decimal(100))
    order.customer_id = 3 if row["id"] == 53 else 0
    shop.orders[order.id] = order


def load_order(shop: Shop, body: dict[str, Any]) -> Order:
    """Load an order from its recorded JSON: net amounts only, all taxes and totals are computed anew."""
    order = Order(body["id"], body["order_key"], NOW, NOW)
    for name in (
        *("status", "currency", "customer_id", "created_via", "billing", "shipping", "payment_method"),
        *("payment_method_title", "transaction_id", "customer_note", "cart_hash"),
    ):
        setattr(order, name, body[name])
    order.created, order.modified = (moment(body[f"date_{n}_gmt"]) or NOW for n in ("created", "modified"))
    order.completed, order.paid = moment(body["date_completed_gmt"]), moment(body["date_paid_gmt"])
    order.meta = _meta(body["meta_data"])
    order.lines = [_line(line) for line in body["line_items"]]
    order.shipping_lines = [
        ShippingLine(s["id"], s["method_title"], s["method_id"], Decimal(s["total"]), s["instance_id"])
        for s in body["shipping_lines"]
    ]
    order.fees = [FeeLine(f["id"], f["name"], Decimal(f["total"]), f["tax_status"]) for f in body["fee_lines"]]
    order.taxes = [TaxLine(t["id"], t["rate_id"]) for t in body["tax_lines"]]
    order.coupons = [
        CouponLine(c["id"], shop.coupons[c["code"].lower()], c["meta_data"][0]["id"]) for c in body["coupon_lines"]
    ]
    shop.orders[order.id] = order
    recalculate(shop, order)
    for refund in body["refunds"]:
        amount = -Decimal(refund["total"])
        created = clock_at(53, 22) if refund["id"] == 98 else order.modified
        shop.refunds[refund["id"]] = Refund(refund["id"], order.id, amount, refund["reason"], created)
    return order


def _meta(entries: list[dict[str, Any]]) -> list[Meta]:
    return [Meta(m["id"], m["key"], m["value"]) for m in entries]


def _line(body: dict[str, Any]) -> LineItem:
    return LineItem(
        body["id"],
        body["name"],
        body["product_id"],
        body["variation_id"],
        body["quantity"],
        body["tax_class"],
        Decimal(body["subtotal"]),
        Decimal(body["total"]),
        meta=_meta(body["meta_data"]),
    )


def _notes(shop: Shop) -> None:
    shop.orders[52].notes = [
        Note(n["id"], n["note"], moment(n["date_created_gmt"]) or NOW, n["customer_note"])
        for n in sorted(recorded("order-notes")["body"], key=lambda n: n["id"])
    ]


def _refunds(shop: Shop) -> None:
    shop.refunds[59] = Refund(59, 58, Decimal("16.13"), "One mug broken", clock_at(46, 38))
    shop.refunds[77] = Refund(77, 76, Decimal("7.77"), "", clock_at(48, 7))
    order = shop.orders[84]
    mug, book = Decimal("25.80"), Decimal("50.00")
    order.lines = [
        LineItem(171, "Enamel mug", 10, 0, 2, "", mug, mug),
        LineItem(172, "Cookbook (reduced VAT)", 13, 0, 2, "reduced-rate", book, book),
    ]
    order.shipping_lines = [ShippingLine(173, "Flat rate", "flat_rate", Decimal(5))]
    recalculate(shop, order)
    shop.clock = lambda: clock_at(48, 20)
    shop.counters.post, shop.counters.item = 84, 175
    create_refund(shop, order, _refund("16.13", (171, 1, "12.90", 1, "3.23")))
    create_refund(shop, order, _refund("58.75", (172, 2, "50.00", 2, "2.50"), (173, 0, "5.00", 1, "1.25")))
    shop.clock = lambda: NOW


def _refund(amount: str, *items: tuple[int, int, str, int, str]) -> dict[str, Any]:
    lines = [
        {"id": i, "quantity": q, "refund_total": total, "refund_tax": [{"id": rate, "refund_total": tax}]}
        for i, q, total, rate, tax in items
    ]
    return {"amount": amount, "line_items": lines, "api_refund": False}


def _webhooks(shop: Shop) -> None:
    url = "http://127.0.0.1:9099/hooks/woo"
    topics = {14: "product.updated", 15: "product.deleted"}
    for number in range(6, 18):
        topic = topics.get(number, "order.created")
        created = clock_at(37, 28 if number >= 14 else 27)
        hook = Webhook(number, f"lab {topic}", topic, url, "s", created, created, status="active")
        shop.webhooks[number] = hook
    shop.webhooks[14].modified = clock_at(55, 21)
