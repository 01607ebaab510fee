"""The two sides of config/mappings/items_to_woo.yaml: what its rules may read, and which fields of the shop they may fill.

Used by the runtime, which loads the file, and by this package.
"""

from __future__ import annotations

from dataclasses import dataclass, make_dataclass

from connector.m3.catalogue import Catalogue
from connector.m3.programs.item_master import GROUPED
from connector.mapping.schema import FieldSpec

SHOP = "SHOP"
"""Stands in the file where an M3 program would: its records are made in the shop."""

PRODUCT, VARIATION = "product", "variation"
"""The records of the file."""

ATTRIBUTE, META, OPTION = "attribute.", "meta.", "option."
"""Beginnings of fields whose rest is a name: of an attribute, a meta key, an attribute that makes variations."""

DIMENSIONS = ("length", "width", "height")


@dataclass(frozen=True, slots=True)
class ShopField:
    """What the shop takes in a field."""

    length: int | None = None
    numeric: bool = False
    required: bool = False


@dataclass(frozen=True, slots=True)
class ItemUnit:
    """An alternate unit as rules read it (item.units.BOX.COFA)."""

    ALUN: str = ""
    COFA: str = ""
    DMCF: str = ""


class OpenFields(dict[str, FieldSpec]):
    """Fields by name; those that begin with a prefix are fields too."""

    def __init__(self, fields: dict[str, FieldSpec], *, prefixes: tuple[str, ...]) -> None:
        super().__init__(fields)
        self._prefixes = prefixes

    def __contains__(self, name: object) -> bool:
        return super().__contains__(name) or (isinstance(name, str) and self._is_open(name))

    def __missing__(self, name: str) -> FieldSpec:
        if self._is_open(name):
            return ShopField()
        raise KeyError(name)

    def _is_open(self, name: str) -> bool:
        return any(name.startswith(prefix) and len(name) > len(prefix) for prefix in self._prefixes)


_TEXT, _NUMBER = ShopField(), ShopField(numeric=True)
_BOTH: dict[str, FieldSpec] = {
    "description": _TEXT,
    "weight": _NUMBER,
    **dict.fromkeys(DIMENSIONS, _NUMBER),
    "tax_class": _TEXT,
    "tax_status": _TEXT,
    "menu_order": _NUMBER,
}
_RECORDS = {
    "Product": OpenFields(
        {
            "name": ShopField(required=True),
            "short_description": _TEXT,
            "catalog_visibility": _TEXT,
            **_BOTH,
        },
        prefixes=(ATTRIBUTE, META),
    ),
    "Variation": OpenFields(_BOTH, prefixes=(OPTION, META)),
}


def shop_fields(transaction: str) -> dict[str, FieldSpec] | None:
    """Returns the fields of a record that is made in the shop (`Product`, `Variation`); None if there is none such."""
    return _RECORDS.get(transaction)


def item_roots(catalogue: Catalogue) -> dict[str, type]:
    """Returns what the paths of the file may start with.

    item: the fields of MMS200MI/GetItmBasic by M3's names, and `units`; names: the names of its groups and levels;
    style: its row of MMS200MI/LstStyle; number: the named groups of `variations.pattern`.
    """
    basic = catalogue.transaction("MMS200MI", "GetItmBasic").outputs
    style = catalogue.transaction("MMS200MI", "LstStyle").outputs
    return {
        "item": make_dataclass("Item", [*((name, str) for name in basic), ("units", dict[str, ItemUnit])]),
        "names": make_dataclass("Names", [(name, str) for name in GROUPED]),
        "style": make_dataclass("Style", [(name, str) for name in style]),
        "number": dict[str, str],
    }
