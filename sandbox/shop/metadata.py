"""Writes `meta_data` as WooCommerce does; called for orders, products and customers."""

from collections.abc import Callable
from typing import Any

from sandbox.shop.entities import Meta
from sandbox.shop.wire import JSONDict, plain, to_decimal


def write_meta(entries: list[Meta], sent: list[JSONDict], *, next_id: Callable[[], int]) -> None:
    """Apply sent entries: by id, else by key (replaced, not doubled); a null value removes.

    Source: observed; booleans and numbers come back as texts (`true` -> "1", 12.50 -> "12.5"), objects unchanged.
    """
    for one in sent:
        if isinstance(one, dict):
            _write_one(entries, one, next_id)


def _write_one(entries: list[Meta], sent: JSONDict, next_id: Callable[[], int]) -> None:
    known = _find(entries, sent)
    value = sent.get("value")
    if value is None:
        if known:
            entries.remove(known)
        return
    if known:
        known.key, known.value = str(sent.get("key", known.key)), stored(value)
    elif sent.get("key"):
        entries.append(Meta(next_id(), str(sent["key"]), stored(value)))


def _find(entries: list[Meta], sent: JSONDict) -> Meta | None:
    if sent.get("id"):
        return next((m for m in entries if m.id == sent["id"]), None)
    return next((m for m in entries if m.key == sent.get("key")), None)


def stored(value: Any) -> Any:
    """Return what a meta value is after the database: scalars are texts."""
    if isinstance(value, bool):
        return "1" if value else ""
    if isinstance(value, (int, float)):
        return plain(to_decimal(repr(value)))
    return value
