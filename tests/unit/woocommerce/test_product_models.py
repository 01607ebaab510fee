"""Recorded products and variations, read into what the flows see."""

from __future__ import annotations

from decimal import Decimal

import pytest

from connector.errors import InvalidPayloadError
from connector.woocommerce.product_models import parse_product
from tests.unit.woocommerce.recorded import delivery, exchange


def test_simple_product_is_read_exactly() -> None:
    product = parse_product(exchange("product-get-simple")["body"])

    assert (product.id, product.sku, product.type, product.regular_price) == (10, "MUG-001", "simple", Decimal("12.90"))
    assert (product.has_own_stock, product.is_variation, product.sale_price) == (True, False, None)


def test_variation_whose_parent_holds_the_stock_is_told() -> None:
    rows = [parse_product(row) for row in exchange("product-variations-parent-stock")["body"]]

    assert [(row.sku, row.has_own_stock, row.stock_quantity) for row in rows] == [
        ("SOCKS-STRIPES", False, 80),
        ("SOCKS-DOTS", False, 80),
    ]


def test_variation_and_product_delivery_are_read_alike() -> None:
    variation = parse_product(delivery("36-product-updated-variation-stock-put").body)

    assert variation.is_variation
    assert variation.parent_id > 0


def test_unmanaged_stock_is_none() -> None:
    product = parse_product(exchange("stock-put-unmanaged")["body"])

    assert (product.manage_stock, product.stock_quantity, product.stock_status) == (False, None, "instock")


def test_broken_product_names_its_field_and_not_its_value() -> None:
    with pytest.raises(InvalidPayloadError, match="regular_price") as caught:
        parse_product({"id": 5, "regular_price": "12,50"})

    assert "12,50" not in caught.value.message


def test_name_is_decoded() -> None:
    assert parse_product({"id": 5, "name": "Salt &amp; Pepper"}).plain_name == "Salt & Pepper"
