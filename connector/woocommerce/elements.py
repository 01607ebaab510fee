"""The elements of a batch as the connector may write them; checked one by one by batches.py before anything is sent.

The shop does not check them: in a batch, stock "abc" becomes 0, price "12,50" becomes 1250, an unknown status a draft, a
null is passed over. What it would take in another sense than meant is refused here instead.
Source: reference/woocommerce/behaviour.md section 4, observed on WooCommerce 9.9.5.
"""

from __future__ import annotations

import re
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from connector.woocommerce.checks import Written, WrittenMeta

_PRICE = re.compile(r"(0|[1-9][0-9]{0,11})(\.[0-9]{1,6})?")
_MEASURE = re.compile(r"[0-9]{1,9}(\.[0-9]{1,6})?")
_STAMP = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}")
_OCTET = re.compile(r"%[0-9a-fA-F]{2}")
_MOST_STOCK = 999_999_999


def _price(value: str) -> str:
    if value and not _PRICE.fullmatch(value):
        raise ValueError('no plain price; expected a text like "12.50"')
    return value


def _measure(value: str) -> str:
    if value and not _MEASURE.fullmatch(value):
        raise ValueError('no plain number; expected a text like "0.35"')
    return value


def _stamp(value: str) -> str:
    """Refuses what PHP might read as another moment. PHP's own reader takes nearly everything for a date."""
    if value:
        if not _STAMP.fullmatch(value):
            raise ValueError("no time; expected YYYY-MM-DDTHH:MM:SS in UTC, without Z")
        datetime.fromisoformat(value)
    return value


def _sku(value: str) -> str:
    """Refuses a SKU that the shop would store in another form: it strips blanks, tags and percent codes."""
    if value != " ".join(value.split()) or "<" in value or _OCTET.search(value):
        raise ValueError("the shop would change this SKU (blanks, < or a percent code in it)")
    return value


def _words(value: str) -> str:
    if not value.strip():
        raise ValueError("empty")
    return value


Price = Annotated[str, AfterValidator(_price)]
"""Text like 12.50, at most 6 decimals, never below zero; empty takes the price away."""

Measure = Annotated[str, AfterValidator(_measure)]
"""Weight or length in the shop's unit; empty takes it away."""

Stamp = Annotated[str, AfterValidator(_stamp)]
"""UTC without Z; empty takes the date away (a null would be passed over)."""

Sku = Annotated[str, Field(min_length=1, max_length=100), AfterValidator(_sku)]
Words = Annotated[str, AfterValidator(_words)]
Id = Annotated[int, Field(gt=0)]
Stock = Annotated[int, Field(ge=-_MOST_STOCK, le=_MOST_STOCK)]


class _Named(Written):
    """Something of the shop, by its number or, where the shop has none, by its name."""

    id: Id = 0
    name: Words = ""

    @model_validator(mode="after")
    def _is_named(self) -> Self:
        if not self.id and not self.name:
            raise ValueError("neither id nor name")
        return self


class ProductAttribute(_Named):
    """An attribute of a product. With the id of a shop-wide attribute, missing terms are made by the shop."""

    position: int = Field(default=0, ge=0)
    visible: bool = False
    variation: bool = False
    options: list[Words] = Field(min_length=1)


class ChosenOption(_Named):
    """The option of an attribute that makes a variation, or that is preselected."""

    option: Words


class Image(Written):
    """A picture by its number in the shop, or by an address the shop loads it from."""

    id: Id = 0
    src: Annotated[str, Field(pattern="^https?://")] = ""
    name: str = ""
    alt: str = ""


class Dimensions(Written):
    """Lengths in the shop's unit."""

    length: Measure = ""
    width: Measure = ""
    height: Measure = ""


class Reference(Written):
    """A category by its number; an unknown number is passed over by the shop without a word."""

    id: Id


class _Change(Written):
    """Something that is there, by its number, and what is to change on it."""

    id: Id

    @model_validator(mode="after")
    def _changes_something(self) -> Self:
        if self.model_fields_set == {"id"}:
            raise ValueError("nothing to change")
        return self


class _Offer(Written):
    """What products and variations have in common."""

    sku: Sku = ""
    status: Literal["publish", "draft", "pending", "private"] = "publish"
    description: str = ""
    regular_price: Price = ""
    sale_price: Price = ""
    date_on_sale_from_gmt: Stamp = ""
    date_on_sale_to_gmt: Stamp = ""
    tax_status: Literal["taxable", "shipping", "none"] = "taxable"
    tax_class: str = Field(default="", pattern="^[a-z0-9-]{0,100}$")
    manage_stock: bool = False
    stock_quantity: Stock = 0
    stock_status: Literal["instock", "outofstock", "onbackorder"] = "instock"
    backorders: Literal["no", "notify", "yes"] = "no"
    low_stock_amount: Annotated[int, Field(ge=0, le=_MOST_STOCK)] | None = None
    weight: Measure = ""
    dimensions: Dimensions = Dimensions()
    menu_order: int = 0
    meta_data: list[WrittenMeta] = Field(default_factory=list, min_length=1)

    @model_validator(mode="after")
    def _is_kept_by_the_shop(self) -> Self:
        """Refuses what the shop drops without a word."""
        if self.regular_price and self.sale_price and Decimal(self.sale_price) >= Decimal(self.regular_price):
            raise ValueError("sale_price is not below regular_price; the shop would drop it")
        if self.date_on_sale_to_gmt and self.date_on_sale_to_gmt < self.date_on_sale_from_gmt:
            raise ValueError("date_on_sale_to_gmt is before date_on_sale_from_gmt")
        is_unmanaged = "manage_stock" in self.model_fields_set and not self.manage_stock
        if is_unmanaged and "stock_quantity" in self.model_fields_set:
            raise ValueError("stock_quantity without manage_stock; the shop would drop it")
        return self


class _Product(_Offer):
    """What products have besides."""

    name: Words = ""
    short_description: str = ""
    catalog_visibility: Literal["visible", "catalog", "search", "hidden"] = "visible"
    categories: list[Reference] = Field(default_factory=list)
    tags: list[_Named] = Field(default_factory=list)
    attributes: list[ProductAttribute] = Field(default_factory=list)
    default_attributes: list[ChosenOption] = Field(default_factory=list)
    images: list[Image] = Field(default_factory=list)


class NewProduct(_Product):
    """A product to be made. It must have a SKU: by it, it is found again if the answer is lost."""

    type: Literal["simple", "variable"] = "simple"
    name: Words
    sku: Sku


class ProductChange(_Product, _Change):
    """What is changed on a product; what is left out stays as it is."""


class _Variation(_Offer):
    """What variations have besides; their name is made of the options."""

    attributes: list[ChosenOption] = Field(default_factory=list, min_length=1)
    image: Image = Image()


class NewVariation(_Variation):
    """A variation to be made. Options of attributes that its parent does not vary by are dropped by the shop."""

    sku: Sku
    attributes: list[ChosenOption] = Field(min_length=1)


class VariationChange(_Variation, _Change):
    """What is changed on a variation; what is left out stays as it is."""


class NewCategory(Written):
    """A category to be made, below `parent` (0 is the top)."""

    name: Words
    parent: int = Field(default=0, ge=0)
    slug: str = Field(default="", pattern="^[a-z0-9-]{1,200}$")
    description: str = ""
