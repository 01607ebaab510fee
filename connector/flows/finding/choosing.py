"""Says which of the shop's rows is an item's product, or why none is. Pure; used by looking.py and the packages of the flows.

An item is the product it is bound to; else the one of whose SKU a person said that it is this item (`connector items map`);
else the one with the item's own SKU. A person's word comes first: a product whose SKU was mapped to another item is that
item's, whatever has its number. Nothing is guessed: of two products none is taken, and people are told.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from connector.woocommerce.canonical import JSONDict

TRASH = "trash"


class Why(StrEnum):
    """Why an item has no product to be written; the codes of the problems people see."""

    ABSENT = "unknown_in_shop"  # no product has its SKU
    GONE = "product_gone"  # the product it was bound to is deleted or in the trash, and no other has its SKU
    TWICE = "sku_twice"  # several products could be it
    MOVED = "sku_moved"  # the product it is bound to has another SKU now, and another product has its SKU
    TAKEN = "sku_taken"  # the product with its SKU is another item


@dataclass(frozen=True, slots=True)
class Sought:
    """An item to be found: its SKU by M3; if it is bound, the product, its parent, and the SKU that one had."""

    item_number: str
    sku: str
    product_id: int | None = None
    parent_id: int | None = None
    known_sku: str | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """The shop's row of an item; `is_said`: a person said that its SKU is this item, so it keeps that SKU."""

    row: JSONDict
    is_said: bool = False


@dataclass(frozen=True, slots=True)
class NotFound:
    """Why there is none, in words. `held` is the product in the trash that it is bound to, where that was looked at."""

    why: Why
    words: str
    remedy: str
    held: JSONDict | None = None


class Said:
    """What people said of SKUs; letter case does not matter in them, as in the shop."""

    def __init__(self, items: Mapping[str, str]) -> None:
        """Keeps the item number by SKU."""
        self._items = {sku.casefold(): item for sku, item in items.items()}

    def item_of(self, sku: object) -> str | None:
        """Returns the item a SKU is; None if nobody said anything."""
        return self._items.get(str(sku or "").casefold())

    def skus(self, one: Sought) -> list[str]:
        """Returns the SKUs under which an item is looked for."""
        mapped = [sku for sku, item in self._items.items() if item == one.item_number]
        if one.product_id is None:
            return list(dict.fromkeys([*mapped, one.sku]))
        return [one.known_sku] if one.known_sku and one.known_sku.casefold() in mapped else [one.sku]


def rows_of(one: Sought, rows: Mapping[str, list[JSONDict]], *, said: Said) -> list[JSONDict]:
    """Returns the rows an item may be: those a person named, else those with its own SKU.

    Args:
        one: The item.
        rows: The shop's rows by the SKUs they were looked for under.
        said: What people said.
    """
    found = [row for sku in said.skus(one) for row in rows.get(sku, [])]
    unique = list({row["id"]: row for row in found}.values())
    return [row for row in unique if said.item_of(row.get("sku")) == one.item_number] or unique


def choose(
    one: Sought, rows: Sequence[JSONDict], *, held: JSONDict | None, said: Said, owners: Mapping[int, str]
) -> Found | NotFound:
    """Chooses the row of an item.

    Args:
        one: The item.
        rows: What it may be (`rows_of`).
        held: The product it is bound to, if that is not among the rows; None if it is gone.
        said: What people said.
        owners: Which items products are bound to.
    """
    if len(rows) > 1:
        return _twice(one, rows)
    if not rows:
        return _without_row(one, held)
    row = rows[0]
    by_person = said.item_of(row.get("sku"))
    owner = by_person or owners.get(int(row["id"]), one.item_number)
    if owner != one.item_number:
        return taken(one, row, owner=owner, is_said=by_person is not None)
    if one.product_id not in (None, row["id"]) and held is not None and held.get("status") != TRASH:
        return _moved(one, row)
    return Found(row, is_said=by_person is not None)


def each_once(sought: Sequence[Sought], chosen: Iterable[Found | NotFound]) -> list[Found | NotFound]:
    """Gives each product to one item: the first that has it, for two items may differ in letter case alone."""
    owners: dict[int, str] = {}
    result: list[Found | NotFound] = []
    for one, found in zip(sought, chosen, strict=True):
        if isinstance(found, Found):
            owner = owners.setdefault(int(found.row["id"]), one.item_number)
            found = found if owner == one.item_number else taken(one, found.row, owner=owner)
        result.append(found)
    return result


def taken(one: Sought, row: Mapping[str, Any], *, owner: str, is_said: bool = False) -> NotFound:
    """Returns the words for an item whose SKU is on the product of another item."""
    sku, number = row.get("sku") or one.sku, one.item_number
    words = f"SKU {sku} of item {number} is that of product {row['id']}, which is sold as item {owner}"
    if is_said:
        remedy = f"Nothing to do if that is right; else say otherwise: connector items map {sku} {number}."
        return NotFound(Why.TAKEN, f"{words}, as a person said.", remedy)
    return NotFound(
        Why.TAKEN,
        f"{words}.",
        f"Nothing to do if the shop does not sell item {number}. Else two items of M3 have one SKU, or the product has the "
        "wrong one: correct the alias (MMS025) or the SKU, then ask for both items again.",
    )


def _without_row(one: Sought, held: JSONDict | None) -> Found | NotFound:
    if one.product_id is None:
        return NotFound(
            Why.ABSENT,
            f"The shop has no product with SKU {one.sku} (item {one.item_number}).",
            f"Give the product the SKU {one.sku}, or say which one it has (connector items map SKU {one.item_number}), or "
            "publish the item; then ask for the item again.",
        )
    if held is not None and held.get("status") != TRASH:
        return Found(held)
    return NotFound(
        Why.GONE,
        f"The shop's product {one.product_id} of item {one.item_number} is not there any more, nor is its SKU "
        f"{one.known_sku or one.sku}.",
        "Take it out of the trash, or let it be made anew: connector sync items_to_woo --ids "
        f"{one.item_number}. Its price and stock follow by themselves.",
        held,
    )


def _twice(one: Sought, rows: Sequence[JSONDict]) -> NotFound:
    products = ", ".join(f"{row['id']} (SKU {row.get('sku') or one.sku})" for row in rows)
    return NotFound(
        Why.TWICE,
        f"The shop has more than one product of item {one.item_number}, so none of them is written: {products}.",
        "Give all but one of them another SKU in the shop, or delete them. Then ask for the item again.",
    )


def _moved(one: Sought, row: JSONDict) -> NotFound:
    return NotFound(
        Why.MOVED,
        f"Item {one.item_number} is product {one.product_id} of the shop, but its SKU {row.get('sku') or one.sku} is on "
        f"product {row['id']}.",
        f"Give product {one.product_id} its SKU back, or delete it. Then ask for the item again.",
    )
