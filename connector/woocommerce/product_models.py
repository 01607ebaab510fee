"""Products and variations of the shop as flows read them, field names equal to the JSON keys.

Shapes as recorded from WooCommerce 9.9.5 (reference/woocommerce/rest-recorded/product-*.json).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from connector.woocommerce.lines import MetaRows, Received, meta_value
from connector.woocommerce.models import parse
from connector.woocommerce.scalars import Id, MoneyOrNone, Number, Text, UtcTimeOrNone, plain_text


class ShopProduct(Received):
    """One simple product, variable product or variation. A field that was not asked for has its default here."""

    id: Id
    parent_id: Id = 0
    type: Text = ""
    status: Text = ""
    sku: Text = ""
    name: Text = ""
    description: Text = ""
    short_description: Text = ""
    regular_price: MoneyOrNone = None
    sale_price: MoneyOrNone = None
    date_on_sale_from_gmt: UtcTimeOrNone = None
    date_on_sale_to_gmt: UtcTimeOrNone = None
    date_modified_gmt: UtcTimeOrNone = None
    tax_status: Text = ""
    tax_class: Text = ""
    manage_stock: bool | Literal["parent"] = False
    stock_quantity: Number | None = None
    stock_status: Text = ""
    backorders: Text = ""
    weight: Text = ""
    meta_data: MetaRows = ()

    @property
    def is_variation(self) -> bool:
        """True if it is written under its parent only."""
        return self.type == "variation"

    @property
    def has_own_stock(self) -> bool:
        """True if a stock quantity written to it is kept: it manages its own stock, not its parent and not nobody."""
        return self.manage_stock is True

    @property
    def plain_name(self) -> str:
        """The name as a person reads it."""
        return plain_text(self.name)

    def meta(self, key: str) -> Any:
        """Returns the value of the first meta row named `key`, or None."""
        return meta_value(self.meta_data, key)


def parse_product(body: bytes | Mapping[str, Any]) -> ShopProduct:
    """Reads a product or variation from a delivery's raw bytes or from a row of a list.

    Raises:
        InvalidPayloadError: Names the fields that are wrong, never their values.
    """
    return parse(ShopProduct, body, noun="product")
