"""Decides for an item what is to be made or changed in the shop, given the shop's row of it. Used by run and comparison."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from connector.errors import ConnectorError, MappingError
from connector.flows.catalogue.content import TRASH, Maker, in_words, sku_of
from connector.flows.catalogue.differing import Difference, differences, new_element
from connector.flows.catalogue.gathering import Family, Item
from connector.flows.catalogue.shop_side import ShopSide
from connector.flows.finding.choosing import NotFound
from connector.publishing.items import ItemsPublishing, Owner
from connector.woocommerce.canonical import JSONDict

SIMPLE, VARIABLE, VARIATION = "simple", "variable", "variation"
AGAIN_S = 900.0
"""After so long an item is looked at again whose trouble may pass by itself."""


@dataclass(frozen=True)
class Trouble:
    """Why an item cannot be carried, for a person; with `retry_s` it is looked at again by itself."""

    code: str
    words: str
    remedy: str
    retry_s: float | None = None


@dataclass(frozen=True)
class Wanted:
    """A product or variation the shop shall hold. `trouble` says why it cannot be made out."""

    item: Item
    kind: str
    sku: str
    content: JSONDict = field(default_factory=dict)
    is_on: bool = False
    family: Family | None = None  # of a parent or a variation
    trouble: Trouble | None = None

    @property
    def may_be_there(self) -> bool:
        """Whether the shop has to be asked for it: it is sold, or was carried before.

        That a product is known is no proof of that: stock and prices know products that are the shop's own.
        """
        return self.is_on or bool(self.item.offer.written)


@dataclass(frozen=True)
class Decision:
    """What is to be done: `create` or `update` is the element to send; neither: nothing is to be written."""

    wanted: Wanted
    content: JSONDict
    row: JSONDict | None = None
    create: JSONDict | None = None
    update: JSONDict | None = None
    found: Sequence[Difference] = ()
    is_trashed: bool = False  # it has to go to the trash
    trouble: Trouble | None = None


class Planner:
    """Makes decisions by the rules of a store."""

    def __init__(self, config: ItemsPublishing, *, maker: Maker, side: ShopSide, manages_stock: bool) -> None:
        """Keeps the rules.

        Args:
            config: The store's part about items.
            maker: Makes contents.
            side: The shop's categories and attributes.
            manages_stock: Another flow publishes stock: what is new has none until that flow says so.
        """
        self._config = config
        self._maker = maker
        self._side = side
        self._manages_stock = manages_stock

    def single(self, item: Item) -> Wanted:
        """Returns what an item without a family shall be."""
        kind = item.offer.kind or SIMPLE
        try:
            make = self._maker.variation if kind == VARIATION else self._maker.product
            content = make(item.facts, is_on=item.is_on) if item.is_on else self._withdrawn(item, kind)
            trouble = _was_in_family(item) if kind == VARIATION else None
        except MappingError as error:
            content, trouble = {}, _unmapped(error, item)
        return Wanted(item, kind, sku_of(item.facts), content, item.is_on, trouble=trouble)

    def parent(self, family: Family, members: Iterable[Wanted]) -> Wanted:
        """Returns what the product of a family shall be, given what its variations shall be."""
        item = family.parent
        try:
            options = [self._options(one) for one in members if _counts(one.item)]
            content = (
                self._maker.parent(family.facts, options, is_on=True)
                if family.is_on
                else self._withdrawn(item, VARIABLE)
            )
            trouble = None
        except MappingError as error:
            content, trouble = {}, _unmapped(error, item)
        return Wanted(item, VARIABLE, item.number, content, family.is_on, family, trouble)

    def members(self, family: Family) -> list[Wanted]:
        """Returns what the variations of a family shall be."""
        wanted = [self._member(one, family) for one in family.members]
        times = Counter(_chosen(one) for one in wanted if one.is_on and one.trouble is None)
        return [_told_apart(one) if times[_chosen(one)] > 1 else one for one in wanted]

    def decide(self, wanted: Wanted, row: JSONDict | None, *, parent_id: int | None = None) -> Decision:
        """Decides about one item.

        Args:
            wanted: What the shop shall hold.
            row: What it holds; None: nothing.
            parent_id: Of a variation: the product of its family.
        """
        if wanted.trouble is not None:
            return Decision(wanted, wanted.content, row, trouble=wanted.trouble)
        if row is None:
            return self._new(wanted)
        kind = kind_of(row)
        trouble = _other_kind(wanted, row, kind=kind, parent_id=parent_id)
        if trouble is not None:
            return Decision(wanted, wanted.content, row, trouble=trouble)
        content = wanted.content
        if kind == VARIATION and wanted.kind != VARIATION:
            content = self._maker.variation(wanted.item.facts, is_on=wanted.is_on) | {"sku": wanted.sku}
        if content.get("status") == TRASH and self._config.owner("status") is Owner.M3:
            return Decision(wanted, content, row, is_trashed=row.get("status") != TRASH)
        written = wanted.item.offer.written
        found = differences(content, row, written=written, config=self._config, side=self._side)
        element: JSONDict = {}
        for one in found:
            element |= one.send or {}
        update = {"id": row["id"], **element} if element else None
        return Decision(wanted, content, row, update=update, found=found)

    def _new(self, wanted: Wanted) -> Decision:
        if not wanted.is_on:
            return Decision(wanted, wanted.content)
        element = new_element(wanted.content, config=self._config, side=self._side)
        if wanted.kind != VARIATION:
            element["type"] = wanted.kind
        if self._manages_stock and wanted.kind != VARIABLE:
            element |= {"manage_stock": True, "stock_quantity": 0}
        return Decision(wanted, wanted.content, create=element)

    def _member(self, item: Item, family: Family) -> Wanted:
        sku, is_on = sku_of(item.facts), item.is_on and family.is_on
        try:
            content = self._maker.variation(item.facts, is_on=True) if is_on else self._withdrawn(item, VARIATION)
        except MappingError as error:
            return Wanted(item, VARIATION, sku, {}, is_on, family, _unmapped(error, item))
        trouble = None if content.get("options") or not is_on else _no_options(item)
        return Wanted(item, VARIATION, sku, content, is_on, family, trouble)

    def _options(self, member: Wanted) -> Mapping[str, str]:
        options: Mapping[str, str] = member.content.get("options") or self._maker.options(member.item.facts)
        return options

    def _withdrawn(self, item: Item, kind: str) -> JSONDict:
        """Returns what a product whose item is not sold any more shall hold: another status, all else stays."""
        return {"status": "private" if kind == VARIATION else self._config.removed}


def untold(found: NotFound) -> Trouble:
    """Returns the trouble of an item whose product cannot be told."""
    return Trouble(found.why.value, found.words, found.remedy)


def kind_of(row: JSONDict) -> str:
    """Returns which kind of product a row of the shop is; other types of the shop count as simple."""
    kind = str(row.get("type", ""))
    return kind if kind in (VARIABLE, VARIATION) else SIMPLE


def unread(error: ConnectorError, number: str) -> Trouble:
    """Returns the trouble of an item M3 did not give."""
    return Trouble(error.code, f"Item {number} could not be read: {error.message}", error.resolution, AGAIN_S)


def without_parent(parent: str, trouble: Trouble) -> Trouble:
    """Returns the trouble of a variation whose parent cannot be carried."""
    return Trouble("parent", f"Its parent {parent} is not in the shop: {trouble.words}", trouble.remedy, AGAIN_S)


def without_category(path: str, complaints: Iterable[str]) -> Trouble:
    """Returns the trouble of an item whose category cannot be made."""
    said = " ".join(complaints) or "it was not made."
    return Trouble(
        "category",
        f"The category {path} is not in the shop: {said}",
        "Make the category in the shop, then ask for the item again.",
        AGAIN_S,
    )


def _counts(item: Item) -> bool:
    """Tells whether the options of a variation belong to its parent: it is sold, or the shop still has it."""
    return item.is_on or item.offer.product_id is not None


def _chosen(wanted: Wanted) -> tuple[tuple[str, str], ...]:
    options = wanted.content.get("options", {})
    return tuple(sorted((str(name).casefold(), str(option).casefold()) for name, option in options.items()))


def _told_apart(wanted: Wanted) -> Wanted:
    if not wanted.is_on or wanted.trouble is not None:
        return wanted
    options = ", ".join(f"{name} {option}" for name, option in wanted.content["options"].items())
    trouble = Trouble(
        "same_options",
        f"Item {wanted.item.number} has the same options as another variation of its parent: {options}.",
        "Correct the options in M3, or the rules `option.*` (docs/mapping.md), so that each variation has its own.",
    )
    return Wanted(wanted.item, wanted.kind, wanted.sku, wanted.content, wanted.is_on, wanted.family, trouble)


def _no_options(item: Item) -> Trouble:
    return Trouble(
        "no_options",
        f"Item {item.number} is a variation, and no rule `option.*` gives it an option.",
        "Complete the item in M3, or correct the rules `option.*` of config/mappings/items_to_woo.yaml (docs/mapping.md).",
    )


def _unmapped(error: MappingError, item: Item) -> Trouble:
    words, remedy = in_words(error, item_number=item.number)
    return Trouble(error.code, words, remedy)


def _was_in_family(item: Item) -> Trouble | None:
    if not item.offer.written.get("options"):
        return None  # the shop's own variation: it stays what it is
    return Trouble(
        "kind_changed",
        f"Item {item.number} is a variation in the shop (product {item.offer.product_id}), and M3 names no parent any more.",
        "Correct the parent in M3; or delete the variation in the shop, and it is made anew as a product of its own.",
    )


def _other_kind(wanted: Wanted, row: JSONDict, *, kind: str, parent_id: int | None) -> Trouble | None:
    number, product_id = wanted.item.number, row["id"]
    if wanted.family is None:
        return None if wanted.item.offer.kind in (None, kind) else _changed(wanted, row, kind)
    if kind != wanted.kind:
        return _changed(wanted, row, kind)
    if kind == VARIATION and row.get("parent_id") != parent_id:
        return Trouble(
            "other_parent",
            f"Item {number} is variation {product_id} of product {row.get('parent_id')} in the shop; its parent by M3 is "
            f"{wanted.family.parent.number}, product {parent_id}.",
            "Delete the variation in the shop, and it is made anew under the right product; or correct the parent in M3.",
        )
    return None


def _changed(wanted: Wanted, row: JSONDict, kind: str) -> Trouble:
    return Trouble(
        "kind_changed",
        f"Item {wanted.item.number} is a {kind} product in the shop (product {row['id']}), and by M3 a {wanted.kind} one.",
        "A product is not turned into another kind by itself, since its orders and pictures hang on it. Delete it in the "
        "shop, and it is made anew; or correct the item in M3.",
    )
