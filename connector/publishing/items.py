"""Which items become products, and which of their fields M3 owns: `publish.items` of a store file."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Literal, Self

from pydantic import Field, field_validator, model_validator

from connector.publishing.strict import Strict, Text

PARENT = "parent"
"""The named group of `variations.pattern` that holds the number of the parent."""


class Owner(StrEnum):
    """Who is the master of a field of a product."""

    M3 = "m3"  # every change in M3 is carried to the shop
    SHOP = "shop"  # never written
    FIRST_LOAD = "first_load"  # written when the product is made, then the shop's


FIELDS = (
    "name",
    "description",
    "short_description",
    "weight",
    "dimensions",
    "tax_class",
    "tax_status",
    "catalog_visibility",
    "menu_order",
    "categories",
    "attributes",
    "meta",
    "status",
)
"""The fields of a product that can have an owner. Prices and stock have flows of their own; pictures are never touched."""


class Selection(Strict):
    """One condition an item must meet to be sold in the shop: a field of the item master and its values."""

    field: str = Field(pattern="^[A-Z][A-Z0-9]{3}$")
    in_: tuple[Text, ...] = Field(default=(), alias="in")
    not_in: tuple[Text, ...] = ()

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.in_ and not self.not_in:
            raise ValueError("give the values under `in` or `not_in`")
        return self

    def fits(self, value: str) -> bool:
        """Tells whether an item with this value is sold."""
        return (not self.in_ or value in self.in_) and value not in self.not_in


class SkuAlias(Strict):
    """The alias of MMS025 that is the SKU."""

    category: int = Field(ge=1, le=99)
    qualifier: str = Field(default="", max_length=4)


class Variations(Strict):
    """Which items are variations of one product."""

    by: Literal["style", "number"] = "style"  # style: HDPR of the item. number: the pattern on the item number
    pattern: str = ""  # named groups can be read by the mapping as number.<name>; by number it needs (?P<parent>...)

    @field_validator("pattern")
    @classmethod
    def _is_a_pattern(cls, value: str) -> str:
        try:
            re.compile(value)
        except re.error as error:
            raise ValueError(f"this is no regular expression ({error})") from None
        return value

    @model_validator(mode="after")
    def _names_the_parent(self) -> Self:
        if self.by == "number" and PARENT not in re.compile(self.pattern).groupindex:
            raise ValueError(
                "by number needs a pattern with (?P<parent>...), for example (?P<parent>.+)-(?P<size>[^-]+)"
            )
        return self


class ItemsPublishing(Strict):
    """How M3's item master becomes the shop's catalogue."""

    language: str = Field(default="", max_length=2)  # LNCD of names and descriptions; empty: that of the item master
    sku: SkuAlias | None = None  # left out: the SKU is the item number
    select: tuple[Selection, ...] = ()  # all must hold
    removed: Literal["draft", "trash"] = "draft"  # what becomes of a product whose item is no longer sold
    categories: tuple[str, ...] = ()  # fields whose names are the path of the category, from the top; empty: none
    variations: Variations | None = None  # left out: each item is a product, or what the shop already made of it
    owners: dict[str, Owner] = Field(default_factory=dict)  # unnamed fields are M3's

    @field_validator("owners")
    @classmethod
    def _are_fields(cls, value: dict[str, Owner]) -> dict[str, Owner]:
        for name in value:
            if name not in FIELDS:
                raise ValueError(f"there is no field {name}; possible: {', '.join(FIELDS)}")
        return value

    def owner(self, name: str) -> Owner:
        """Returns who is the master of a field."""
        return self.owners.get(name, Owner.M3)
