"""Paths are checked against declared types and read the same way at run time."""

from __future__ import annotations

from decimal import Decimal

import pytest

from connector.mapping.paths import as_text, is_scalar, parse_path, read_path, type_at
from connector.stores.systems import M3Config
from connector.woocommerce.models import MetaData, Order
from tests.unit.mapping.examples import STORE, recorded_order

ROOTS: dict[str, object] = {"order": Order, "store": M3Config}
GUEST = "02-order-created-guest-order"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("order.billing.city", "Zagreb"),
        ("order.id", "52"),
        ("order.total", "38.50"),
        ("order.shipping_lines.0.method_id", "flat_rate"),
        ("order.shipping_lines.9.method_id", ""),
        ("order.line_items.0.taxes.0.total", "6.45"),
        ("order.delivery_address.is_empty", "0"),
        ("order.date_paid_gmt", ""),
        ("order.meta_data[_po]", "PO 7"),
        ("order.meta_data[none]", ""),
        ("store.order_type", "W01"),
    ],
)
def test_path_is_typed_and_read(text: str, expected: str) -> None:
    meta = (MetaData(key="_po", value="PO 7"), MetaData(key="_po", value="later"))
    order = recorded_order(GUEST).model_copy(update={"meta_data": meta})
    path = parse_path(text)

    value = read_path(path, {"order": order, "store": STORE.m3}[path.root])

    assert is_scalar(type_at(path, ROOTS))
    assert as_text(value) == expected


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("ordr.id", "there is no 'ordr'"),
        ("order.billing.town", "order.billing has no 'town'"),
        ("order.billing.city.0", "order.billing.city is no list"),
        ("order.line_items.name", "order.line_items has no 'name'"),
        ("order.line_items[key]", "has no 'value'"),
        ("order.model_fields_set", "has no 'model_fields_set'"),
        ("order.meta", "has no 'meta'; did you mean meta_data?"),
    ],
)
def test_path_that_leads_nowhere_is_refused(text: str, what: str) -> None:
    with pytest.raises(ValueError, match=r"is no|has no") as caught:
        type_at(parse_path(text), ROOTS)

    assert what in str(caught.value)


@pytest.mark.parametrize("text", ["", ".order", "order.", "order..id", "order[", "order[]", "Order.id", "order id"])
def test_text_of_another_form_is_no_path(text: str) -> None:
    with pytest.raises(ValueError, match="is no path"):
        parse_path(text)


def test_value_without_an_exact_text_is_refused() -> None:
    assert as_text(Decimal("1E-7")) == "0.0000001"
    assert as_text(True) == "1"
    for value in (0.1, [], {}):
        with pytest.raises(ValueError, match="not one plain value"):
            as_text(value)
