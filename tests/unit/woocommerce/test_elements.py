"""Which elements of a batch may be sent: what the shop would take in another sense is refused with its field named."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from connector.woocommerce.checks import Written, complaints
from connector.woocommerce.elements import (
    NewCategory,
    NewProduct,
    NewVariation,
    ProductChange,
    VariationChange,
)

NEW: dict[str, Any] = {"name": "Mug", "sku": "MUG-9"}


def _complaint(model: type[Written], element: dict[str, Any]) -> str:
    with pytest.raises(ValidationError) as caught:
        model.model_validate(element)
    return complaints(caught.value)


@pytest.mark.parametrize(
    "price", ["12,50", "1,234.50", "1e3", "-5", "0012.50", " 9.90", "abc", "12.5000001", 12.5, None]
)
def test_price_the_shop_would_read_otherwise_is_refused(price: object) -> None:
    assert _complaint(ProductChange, {"id": 1, "regular_price": price}).startswith("regular_price: ")


@pytest.mark.parametrize("price", ["12.50", "0", "0.123456", "999999999999.99", ""])
def test_plain_price_is_sent_as_it_is(price: str) -> None:
    assert ProductChange(id=1, regular_price=price).regular_price == price


@pytest.mark.parametrize("quantity", ["abc", "7", 7.5, None, True, 10**12])
def test_stock_that_is_no_whole_number_is_refused(quantity: object) -> None:
    assert _complaint(ProductChange, {"id": 1, "stock_quantity": quantity}).startswith("stock_quantity: ")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("status", "trash"),
        ("status", "nonsense"),
        ("stock_status", "soon"),
        ("backorders", "true"),
        ("manage_stock", "yes"),
        ("tax_class", "Reduced Rate"),
        ("catalog_visibility", "no"),
        ("date_on_sale_from_gmt", "2026-12-01"),
        ("date_on_sale_from_gmt", "2026-12-01T00:00:00Z"),
        ("date_on_sale_to_gmt", "2026-13-01T00:00:00"),
        ("weight", "1 kg"),
        ("name", " "),
        ("sku", "A  B"),
        ("sku", "A%20B"),
        ("sku", "<A>"),
        ("categories", [{"id": 0}]),
        ("categories", [{"id": 15, "name": "x"}]),
        ("attributes", [{"options": ["S"]}]),
        ("attributes", [{"id": 1, "options": []}]),
        ("images", [{"src": "file:///etc/hosts"}]),
        ("meta_data", [{"key": "k", "value": 12.5}]),
        ("price", "1.00"),
    ],
)
def test_wrong_field_is_named(field: str, value: object) -> None:
    assert _complaint(ProductChange, {"id": 1, field: value}).startswith(field)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"regular_price": "5.00", "sale_price": "5.00"}, "not below regular_price"),
        (
            {"date_on_sale_from_gmt": "2026-12-02T00:00:00", "date_on_sale_to_gmt": "2026-12-01T00:00:00"},
            "before date_on_sale_from_gmt",
        ),
        ({"manage_stock": False, "stock_quantity": 5}, "without manage_stock"),
        ({}, "nothing to change"),
    ],
)
def test_what_the_shop_would_drop_without_a_word_is_refused(changes: dict[str, Any], why: str) -> None:
    assert why in _complaint(ProductChange, {"id": 1, **changes})
    assert why in _complaint(VariationChange, {"id": 1, **changes})


@pytest.mark.parametrize("missing", ["name", "sku"])
def test_new_product_must_be_findable_and_have_a_name(missing: str) -> None:
    assert _complaint(NewProduct, {key: value for key, value in NEW.items() if key != missing}).startswith(missing)


def test_only_what_was_given_is_sent() -> None:
    element = {**NEW, "attributes": [{"id": 1, "options": ["S"]}], "dimensions": {"length": "9"}}

    assert NewProduct.model_validate(element).model_dump(exclude_unset=True) == element


def test_variation_names_its_options_and_not_itself() -> None:
    option = {"name": "Color", "option": "Red"}

    assert NewVariation.model_validate({"sku": "T-RED", "attributes": [option]}).attributes[0].option == "Red"
    assert _complaint(NewVariation, {"sku": "T-RED"}).startswith("attributes")
    assert _complaint(VariationChange, {"id": 1, "name": "Red"}).startswith("name")


def test_categories_need_a_name() -> None:
    assert _complaint(NewCategory, {"name": ""}).startswith("name")
