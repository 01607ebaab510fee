"""Orders that are valid JSON of the right shape and make no sense; the workers must get on with them. Used by bodies.py."""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

from tests.acceptance.hostile.sent import Known

Order = dict[str, Any]
Change = Callable[[st.DrawFn, Order], None]

TEXTS = st.one_of(
    st.text(max_size=60),
    st.sampled_from(
        [
            "", " ", "\t\r\n", "x" * 5000, "'; DROP TABLE exchange; --", "<script>alert(1)</script>", "{{7*7}}", "${x}",
            "Zoë 👩‍👩‍👧‍👦", "\u202eלהפוך", "\u0000", "\ud800", "e\u0301" * 40, "../../etc/passwd", "%s%n", "&amp;&lt;b&gt;",
        ]
    ),
)  # fmt: skip
AMOUNTS = st.one_of(
    st.integers(-(10**6), 10**6).map(lambda cents: f"{cents / 100:.2f}"),
    st.sampled_from(
        [
            "0",
            "0.00",
            "-0.00",
            "99999999999999.99",
            "0.001",
            "1.005",
            "1e5",
            "12,50",
            "NaN",
            "",
            "1" * 14,
            "-1",
            "0.0000001",
        ]
    ),
)
INSTANTS = st.sampled_from(
    [
        "1970-01-01T00:00:00",
        "0001-01-01T00:00:00",
        "9999-12-31T23:59:59",
        "2026-02-29T00:00:00",
        "2026-11-22",
        "now",
        "",
        None,
    ]
)
LARGEST_ID = 2**63 - 1


def _text_somewhere(draw: st.DrawFn, order: Order) -> None:
    part = draw(st.sampled_from(["billing", "shipping"]))
    field = draw(
        st.sampled_from(
            ["first_name", "last_name", "company", "address_1", "city", "postcode", "country", "email", "phone"]
        )
    )
    order[part] = {**(order.get(part) or {}), field: draw(TEXTS)}


def _text_on_top(draw: st.DrawFn, order: Order) -> None:
    order[
        draw(st.sampled_from(["number", "currency", "status", "customer_note", "payment_method", "transaction_id"]))
    ] = draw(TEXTS)


def _amount_on_top(draw: st.DrawFn, order: Order) -> None:
    fields = ["total", "total_tax", "discount_total", "shipping_total", "cart_tax"]
    order[draw(st.sampled_from(fields))] = draw(AMOUNTS)


def _line(draw: st.DrawFn, order: Order) -> None:
    if order["line_items"]:
        line = draw(st.sampled_from(order["line_items"]))
        field = draw(
            st.sampled_from(["quantity", "total", "total_tax", "subtotal", "sku", "id", "product_id", "name", "taxes"])
        )
        values = {
            "quantity": st.sampled_from([0, -1, 10**9, 0.333, 1e-9, "2", 2**40]),
            "sku": st.one_of(TEXTS, st.none()),
            "name": TEXTS,
            "id": st.sampled_from([0, 1, LARGEST_ID]),
            "product_id": st.integers(0, 50),
            "taxes": st.sampled_from([[], [{"id": 99, "total": "5.00", "subtotal": ""}]]),
        }
        line[field] = draw(values.get(field, AMOUNTS))


def _many_lines(draw: st.DrawFn, order: Order) -> None:
    lines = order["line_items"]
    if lines:
        count = draw(st.sampled_from([2, 81, 200]))
        order["line_items"] = [{**lines[0], "id": number} for number in range(1, count + 1)]


def _no_lines(_draw: st.DrawFn, order: Order) -> None:
    order["line_items"] = []


def _same_line_ids(draw: st.DrawFn, order: Order) -> None:
    order["line_items"] = order["line_items"] * draw(st.integers(2, 3))


def _tax(draw: st.DrawFn, order: Order) -> None:
    percent = draw(st.sampled_from([0, 999, -25, 25.0001, None, "25%"]))
    order["tax_lines"] = [{**one, "rate_percent": percent} for one in order["tax_lines"]]


def _charges(draw: st.DrawFn, order: Order) -> None:
    field = draw(st.sampled_from(["shipping_lines", "fee_lines"]))
    charge = {
        "id": draw(st.integers(1, 99)),
        "name": draw(TEXTS),
        "total": draw(AMOUNTS),
        "total_tax": draw(AMOUNTS),
        "taxes": [],
    }
    order[field] = [{**charge, "method_id": draw(TEXTS), "method_title": draw(TEXTS)}] * draw(st.integers(1, 3))


def _coupons(draw: st.DrawFn, order: Order) -> None:
    coupon = {"id": 1, "code": draw(TEXTS), "discount": draw(AMOUNTS), "discount_tax": draw(AMOUNTS)}
    order["coupon_lines"] = [coupon] * draw(st.integers(1, 3))


def _dates(draw: st.DrawFn, order: Order) -> None:
    order[draw(st.sampled_from(["date_created_gmt", "date_modified_gmt", "date_paid_gmt"]))] = draw(INSTANTS)


def _meta(draw: st.DrawFn, order: Order) -> None:
    key = draw(st.sampled_from(["_m3_order_number", "vat_number", "_billing_po", "\x00", ""]))
    order["meta_data"] = [
        {"id": 1, "key": key, "value": draw(st.one_of(TEXTS, st.just({"a": [1, None]}), st.just([[]])))}
    ]


def _nobody(_draw: st.DrawFn, order: Order) -> None:
    order["billing"], order["shipping"] = {}, {}


def _numbered_rows(draw: st.DrawFn, order: Order) -> None:
    field = draw(st.sampled_from(["line_items", "meta_data", "tax_lines", "refunds"]))
    order[field] = {str(place * 2): row for place, row in enumerate(order.get(field) or [])}


def _customer_id(draw: st.DrawFn, order: Order) -> None:
    order["customer_id"] = draw(st.sampled_from([0, -1, LARGEST_ID, "7", 7.0]))


CHANGES: tuple[Change, ...] = (
    _text_somewhere, _text_somewhere, _text_on_top, _amount_on_top, _line, _line, _many_lines, _no_lines, _same_line_ids,
    _tax, _charges, _coupons, _dates, _meta, _nobody, _numbered_rows, _customer_id,
)  # fmt: skip


@st.composite
def absurd_orders(draw: st.DrawFn, known: Known) -> bytes:
    """Draws an order of the right shape with one to four senseless things in it, as the shop would sign it.

    Args:
        draw: Given by Hypothesis.
        known: Orders and other bodies as a shop sends them.
    """
    order: Order = json.loads(known.any_order(draw))
    order["status"] = draw(st.sampled_from(["processing"] * 6 + ["on-hold", "completed", "cancelled", "refunded"]))
    for change in draw(st.lists(st.sampled_from(CHANGES), min_size=1, max_size=4)):
        if isinstance(order["line_items"], list) and isinstance(order["tax_lines"], list):
            change(draw, order)
    # Another order for other content, so that few of them meet under one number.
    order["id"] = 10_000 + zlib.crc32(json.dumps(order).encode())
    return json.dumps(order).encode()
