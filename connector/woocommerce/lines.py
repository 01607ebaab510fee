"""The rows inside an order or refund of the shop: items, taxes, shipping, fees, coupons; used through models.py."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from connector.woocommerce.scalars import (
    Id,
    LegibleText,
    LegibleValue,
    Money,
    MoneyOrNone,
    MoneyOrZero,
    Number,
    PercentOrNone,
    Rows,
    Text,
    plain_text,
)

REFUNDED_ITEM = "_refunded_item_id"


class Received(BaseModel):
    """Base of everything the shop sends: unknown keys are ignored, and what is shown of it names no person."""

    model_config = ConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True)

    def __repr_args__(self) -> Iterable[tuple[str | None, Any]]:
        """Shows only the id: a repr may end in a log or a traceback."""
        return [("id", getattr(self, "id", None))]

    def __str__(self) -> str:
        return repr(self)


class MetaData(Received):
    """One meta row; `value` is whatever JSON a plug-in put there, fractions as Decimal."""

    id: Id | None = None
    key: LegibleText = ""
    value: LegibleValue = None


MetaRows = Annotated[tuple[MetaData, ...], Rows]


def meta_value(rows: Sequence[MetaData], key: str) -> Any:
    """Returns the value of the first meta row named `key`, or None."""
    return next((row.value for row in rows if row.key == key), None)


class LineTax(Received):
    """The tax of one rate on one line; not rounded to cents, `id` is the rate id."""

    id: Id
    total: MoneyOrZero
    subtotal: MoneyOrNone = None


LineTaxes = Annotated[tuple[LineTax, ...], Rows]


class LineItem(Received):
    """One product line: `total` is net after discount, `subtotal` net before. `price` is float dust and not read."""

    id: Id
    name: Text = ""
    product_id: Id = 0
    variation_id: Id = 0
    quantity: Number
    tax_class: Text = ""
    subtotal: Money
    subtotal_tax: Money
    total: Money
    total_tax: Money
    taxes: LineTaxes = ()
    sku: Text = ""
    parent_name: Text = ""
    meta_data: MetaRows = ()

    @property
    def plain_name(self) -> str:
        """The product name without entities and tags."""
        return plain_text(self.name)

    @property
    def refunded_item_id(self) -> int | None:
        """On a refund's line: the id of the order line it takes back."""
        return _whole(meta_value(self.meta_data, REFUNDED_ITEM))


class TaxLine(Received):
    """The tax of one rate over the whole order, rounded to cents as the shop shows it."""

    id: Id
    rate_id: Id
    rate_code: Text = ""
    label: Text = ""
    compound: bool = False
    tax_total: Money
    shipping_tax_total: Money
    rate_percent: PercentOrNone = None


class ShippingLine(Received):
    """One shipping method chosen; `total` is net."""

    id: Id
    method_title: Text = ""
    method_id: Text = ""
    instance_id: Text = ""
    total: Money
    total_tax: Money
    taxes: LineTaxes = ()
    tax_status: Text = ""
    meta_data: MetaRows = ()

    @property
    def plain_title(self) -> str:
        """The method's name without entities and tags."""
        return plain_text(self.method_title)

    @property
    def refunded_item_id(self) -> int | None:
        """On a refund's line: the id of the shipping line it takes back."""
        return _whole(meta_value(self.meta_data, REFUNDED_ITEM))


class FeeLine(Received):
    """One surcharge or, with a negative `total`, one reduction; net."""

    id: Id
    name: Text = ""
    tax_class: Text = ""
    tax_status: Text = ""
    amount: MoneyOrNone = None
    total: Money
    total_tax: Money
    taxes: LineTaxes = ()
    meta_data: MetaRows = ()

    @property
    def plain_name(self) -> str:
        """The fee's name without entities and tags."""
        return plain_text(self.name)

    @property
    def refunded_item_id(self) -> int | None:
        """On a refund's line: the id of the fee line it takes back."""
        return _whole(meta_value(self.meta_data, REFUNDED_ITEM))


class CouponLine(Received):
    """One coupon used; its discount is already taken off the lines' totals."""

    id: Id
    code: Text = ""
    discount: Money
    discount_tax: Money
    discount_type: Text = ""
    free_shipping: bool = False
    meta_data: MetaRows = ()


class RefundSummary(Received):
    """What an order says of one of its refunds; `total` is negative."""

    id: Id
    reason: Text = Field(default="", repr=False)
    total: Money


def _whole(value: object) -> int | None:
    text = str(value)
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else None
