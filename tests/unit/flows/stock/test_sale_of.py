"""What an order of the shop holds of its stock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from connector.flows.stock.selling import sale_of
from connector.ledger.sales import SaleLine
from connector.woocommerce.models import Order
from tests.unit.money.material import store

MADE = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def order(status: str, *taken: Any) -> Order:
    """Returns an order whose lines took so much."""
    lines = [
        {
            **{"id": number, "product_id": 10, "variation_id": number, "sku": f"SKU-{number}", "quantity": 2},
            **{"subtotal": "1", "subtotal_tax": "0", "total": "1", "total_tax": "0"},
            "meta_data": [] if value is None else [{"key": "_reduced_stock", "value": value}],
        }
        for number, value in enumerate(taken, start=1)
    ]
    amounts = dict.fromkeys(("discount_total", "discount_tax", "shipping_total", "shipping_tax"), "0")
    more = dict.fromkeys(("cart_tax", "total", "total_tax"), "0")
    rows: dict[str, Any] = {name: [] for name in ("tax_lines", "shipping_lines", "fee_lines", "coupon_lines")}
    return Order.model_validate(
        {
            **{"id": 7, "number": "7", "status": status, "currency": "EUR", "date_created_gmt": "2026-03-02T09:00:00"},
            **{"billing": {}, "shipping": {}, "line_items": lines, **amounts, **more, **rows},
        }
    )


@pytest.mark.parametrize(
    ("status", "holds"),
    [("on-hold", True), ("processing", True), ("completed", True), ("pending", False), ("cancelled", False)],
)
def test_status_says_whether_m3_is_to_get_it(status: str, holds: bool) -> None:
    assert sale_of(store(), order(status, "2"), delivery_id=1, now=MADE).holds is holds


def test_lines_hold_what_they_took_whatever_form_the_number_has() -> None:
    found = sale_of(store(), order("processing", "2", 3, None, "no number", "-1"), delivery_id=1, now=MADE)

    assert found.lines == (SaleLine(1, "SKU-1", Decimal(2)), SaleLine(2, "SKU-2", Decimal(3)))


def test_order_placed_long_ago_is_not_counted_as_sold_since() -> None:
    later = MADE + timedelta(days=2)

    assert not sale_of(store(), order("processing", "2"), delivery_id=1, now=later).counts
