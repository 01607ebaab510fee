"""Where a product of the shop differs from what it shall hold, and what to send then. Pure but for the shop's categories.

A field differs if the shop holds something else than wanted. The shop stores some texts in a form of its own ("&amp;"), so a
field that was written as wanted, and shows what it showed right after, is left alone.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from connector.flows.catalogue.content import joined, plain_number
from connector.flows.catalogue.fields import DIMENSIONS
from connector.flows.catalogue.rules import ItemRules
from connector.flows.catalogue.shop_side import ShopSide
from connector.publishing.items import ItemsPublishing, Owner
from connector.woocommerce.canonical import JSONDict

SHOWN = "shown"
"""Beside the fields written: what the shop showed of those it keeps in another form."""

TEXTS = ("name", "description", "short_description")
"""Fields the shop keeps as HTML: `&` as `&amp;`; the answer to a variation's write has its description in a paragraph."""

_PARAGRAPH = re.compile(r"\s*<p>((?:(?!</?p\b).)*)</p>\s*", re.DOTALL)

_OF_ATTRIBUTE = ("id", "name", "position", "visible", "variation", "options")
_ASKED = {"meta": "meta_data", "option": "attributes", "attribute": "attributes"}


@dataclass(frozen=True)
class Difference:
    """A field the shop holds otherwise. `send` is its part of an element of a batch; None: somebody else's to change."""

    field: str
    wanted: Any
    held: Any
    send: JSONDict | None


def fields_to_ask(rules: ItemRules) -> tuple[str, ...]:
    """Returns the fields of the shop's rows that are needed to compare any content of these rules."""
    names = {"sku", "type", "status", "parent_id"}
    names |= {"categories"} if rules.config.categories else set()
    names |= {"attributes"} if rules.config.variations is not None else set()
    for record in rules.mapping.records.values():
        for rule in record.rules:
            name, dot, _ = rule.field.partition(".")
            names.add(_ASKED[name] if dot else "dimensions" if name in DIMENSIONS else name)
    return tuple(sorted(names))


def new_element(content: JSONDict, *, config: ItemsPublishing, side: ShopSide) -> JSONDict:
    """Returns the element that makes a product: everything the shop is not the master of."""
    element: JSONDict = {}
    for name, wanted in content.items():
        if _owner(config, name) is not Owner.SHOP and (wanted or wanted == 0):
            element |= _part(name, wanted, row={}, before=None, side=side)
    return element


def differences(
    content: JSONDict, row: JSONDict, *, written: JSONDict, config: ItemsPublishing, side: ShopSide
) -> list[Difference]:
    """Compares what a product shall hold with what the shop shows of it.

    Args:
        content: What it shall hold.
        row: The shop's row.
        written: What was written last, with `shown`; empty if nothing was.
        config: Who is the master of which field.
        side: The shop's categories and attributes.
    """
    shown = written.get(SHOWN, {})
    found = []
    for name, wanted in content.items():
        before = written.get(name)
        held = _held(name, row, wanted=wanted, before=before, side=side)
        if held == _comparable(name, wanted):
            continue
        if wanted == before and name in shown and shown[name] == held:
            continue
        is_ours = _owner(config, name) is Owner.M3
        send = _part(name, wanted, row=row, before=before, side=side) if is_ours else None
        found.append(Difference(name, wanted, held, send))
    return found


def kept(content: JSONDict, row: JSONDict, *, config: ItemsPublishing, side: ShopSide, is_new: bool) -> JSONDict:
    """Returns what to remember as written: the fields that are ours, and what the shop shows otherwise.

    Args:
        content: What the product shall hold.
        row: The shop's row of it now.
        config: Who is the master of which field.
        side: The shop's categories and attributes.
        is_new: It was made just now, with the fields of the first load.
    """
    ours = (Owner.M3, Owner.FIRST_LOAD) if is_new else (Owner.M3,)
    content = {name: content[name] for name in content if _owner(config, name) in ours}
    shown = {}
    for name, wanted in content.items():
        held = _held(name, row, wanted=wanted, before=None, side=side)
        if held != _comparable(name, wanted):
            shown[name] = held
    return {**content, SHOWN: shown} if shown else content


def as_words(name: str, value: Any) -> str:
    """Returns a value of a field as a text, for showing."""
    if value is None:
        return ""
    if name == "attributes":
        return "; ".join(f"{one}: {', '.join(value[one]['options'])}" for one in sorted(value))
    if isinstance(value, dict):
        return ", ".join(f"{one}: {value[one]}" for one in sorted(value))
    return joined(value) if isinstance(value, list) else str(value)


def _owner(config: ItemsPublishing, name: str) -> Owner:
    return Owner.M3 if name in ("sku", "options") else config.owner(name)


def _comparable(name: str, wanted: Any) -> Any:
    if name in TEXTS:
        return plain_text_of(str(wanted or ""))
    return [wanted] if name == "categories" else wanted


def _held(name: str, row: JSONDict, *, wanted: Any, before: Any, side: ShopSide) -> Any:
    """Returns what the shop's row holds of a field, in the form of a content."""
    if name == "categories":
        return _held_categories(row, wanted=wanted, before=before, side=side)
    reader = _READERS.get(name)
    if reader is not None:
        return reader(row, wanted, before)
    if name in TEXTS:
        return plain_text_of(str(row.get(name) or ""))
    value = row.get(name, "")
    if name == "sku":
        return wanted if str(value).casefold() == str(wanted).casefold() else value
    return "" if value is None else value


def plain_text_of(text: str) -> str:
    """Returns a text without the one paragraph around it and with its entities read."""
    wrapped = _PARAGRAPH.fullmatch(text)
    return html.unescape(wrapped.group(1).replace("<br />\n", "\n") if wrapped else text)


def _held_categories(row: JSONDict, *, wanted: Any, before: Any, side: ShopSide) -> list[str]:
    """Returns the paths that count: ours, an earlier one of ours, or all the product is in if ours is missing."""
    ids = [int(one["id"]) for one in row.get("categories", [])]
    paths = {side.path_of(one).casefold(): side.path_of(one) for one in ids}
    if str(wanted).casefold() not in paths:
        return sorted(paths.values())
    old = str(before).casefold() if before and before != wanted else ""
    return [wanted, paths[old]] if old in paths else [wanted]


def _attributes(row: JSONDict, wanted: Any, before: Any) -> Any:
    ours = {one.casefold(): one for one in [*(before or {}), *wanted]}
    return {
        ours[str(one["name"]).casefold()]: {"options": one.get("options", []), "variation": one.get("variation", False)}
        for one in row.get("attributes", [])
        if str(one["name"]).casefold() in ours
    }


def _options(row: JSONDict, wanted: Any, _: Any) -> Any:
    ours = {one.casefold(): one for one in wanted}
    return {
        ours[str(one["name"]).casefold()]: one.get("option", "")
        for one in row.get("attributes", [])
        if str(one["name"]).casefold() in ours
    }


def _meta(row: JSONDict, wanted: Any, _: Any) -> Any:
    held = {one.get("key"): one.get("value") for one in row.get("meta_data", [])}
    return {key: str(held.get(key) or "") for key in wanted}


def _dimensions(row: JSONDict, wanted: Any, _: Any) -> Any:
    held = row.get("dimensions") or {}
    return {name: _measured(held.get(name)) for name in DIMENSIONS if name in wanted}


def _weight(row: JSONDict, _: Any, __: Any) -> Any:
    return _measured(row.get("weight"))


def _menu_order(row: JSONDict, _: Any, __: Any) -> Any:
    return _measured(row.get("menu_order"))


_READERS: dict[str, Callable[[JSONDict, Any, Any], Any]] = {
    "attributes": _attributes,
    "options": _options,
    "meta": _meta,
    "dimensions": _dimensions,
    "weight": _weight,
    "menu_order": _menu_order,
}


def _measured(value: object) -> str:
    """Returns a number as the shop shows it in the form of a content; another text as it is."""
    text = "" if value is None else str(value)
    try:
        return plain_number(text)
    except ArithmeticError:
        return text


def _part(name: str, wanted: Any, *, row: JSONDict, before: Any, side: ShopSide) -> JSONDict:
    """Returns the part of an element that gives a field its value."""
    if name == "categories":
        return {"categories": _category_ids(row, wanted, before, side)}
    if name == "attributes":
        return {"attributes": _attribute_rows(row, wanted, before, side)}
    if name == "options":
        return {"attributes": [{**_called(one, side), "option": option} for one, option in wanted.items()]}
    if name == "meta":
        return {"meta_data": [{"key": key, "value": value} for key, value in wanted.items()]}
    if name == "menu_order":
        return {"menu_order": int(wanted or 0)}
    return {name: wanted}


def _category_ids(row: JSONDict, wanted: Any, before: Any, side: ShopSide) -> list[JSONDict]:
    """Adds the category to those people gave the product, in place of the one that was ours before."""
    old = side.category(str(before)) if before else None
    ids = [int(one["id"]) for one in row.get("categories", [])]
    kept_ids = [one for one in ids if one != old and not side.is_unsorted(one)]
    ours = side.category(wanted)
    return [{"id": one} for one in dict.fromkeys([*kept_ids, *([ours] if ours else [])])]


def _attribute_rows(row: JSONDict, wanted: Any, before: Any, side: ShopSide) -> list[JSONDict]:
    """Puts our attributes beside those people gave the product."""
    ours = {one.casefold() for one in [*(before or {}), *wanted]}
    rows = [
        {name: one[name] for name in _OF_ATTRIBUTE if one.get(name) or name not in ("id", "name")}
        for one in row.get("attributes", [])
        if str(one["name"]).casefold() not in ours and one.get("options")
    ]
    for name, one in wanted.items():
        called = _called(name, side)
        rows.append({**called, "position": len(rows), "visible": True, **one})
    return rows


def _called(name: str, side: ShopSide) -> JSONDict:
    number = side.attribute(name)
    return {"id": number} if number else {"name": name}
