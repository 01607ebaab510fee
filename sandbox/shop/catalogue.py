"""Reads the catalogue, coupons and first customers of the shop from the JSON files beside it; called by `state`."""

import json
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from sandbox.shop.entities import Coupon, Customer, Meta, Product

_HERE = Path(__file__).parent


def read_json(name: str) -> Any:
    """Read one of the data files of the shop."""
    return json.loads((_HERE / name).read_text(encoding="utf-8"))


def load_catalogue(now: datetime) -> list[Product]:
    """Make all products and variations.

    Args:
        now: aware UTC; the date of creation of every product.
    """
    return [_product(row, now) for row in read_json("catalogue.json")]


def _product(row: dict[str, Any], now: datetime) -> Product:
    known = dict(row)
    meta = [Meta(m["id"], m["key"], m["value"]) for m in known.pop("meta", [])]
    categories = known.get("shown", {}).pop("categories", [])
    defaults = {"type": "simple", "sale_price": "", "tax_class": "", "manage_stock": True, "stock_quantity": None}
    return Product(
        **{**defaults, **known}, created=now, modified=now, meta=meta, category_ids=[c["id"] for c in categories]
    )


def load_coupons() -> list[Coupon]:
    """Make the four coupons of the recorded shop."""
    return [
        Coupon(c["id"], c["code"], c["kind"], Decimal(c["amount"]), tuple(c.get("product_ids", ())))
        for c in read_json("coupons.json")
    ]


def load_customers(now: datetime) -> list[Customer]:
    """Make the customers the shop starts with."""
    rows = enumerate(read_json("customers.json"))
    nag = "default_password_nag"
    return [Customer(**row, created=now, modified=now, meta=[Meta(31 * (i + 1), nag, "1")]) for i, row in rows]
