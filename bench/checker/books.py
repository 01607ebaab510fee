"""Reads the two books into what the checker compares; called by judge.py."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

WANTED = ("processing", "completed")
"""Orders in these states belong into M3 (config/stores/example.yaml, orders.statuses)."""
NUMBER_META = "_m3_order_number"
NOTE_START = "M3 order "
WAITING = ("15", "20", "25", "30")
"""Batch orders M3 did not release stay in these states until a person repairs them in OIS275."""


@dataclass(frozen=True)
class Key:
    """What makes an order of the shop one business fact: an id may be given anew after a restore, with another time."""

    order_id: int
    epoch: int  # creation, seconds since 1970


@dataclass(frozen=True)
class ShopOrder:
    """An order of the shop's book."""

    key: Key
    status: str
    was_wanted: bool  # it was in a state for M3 at some time
    currency: str
    total: Decimal
    skus: tuple[str, ...]
    lines: int
    pieces: Decimal
    numbers: tuple[str, ...]  # what the meta says of M3's number
    notes: tuple[str, ...]  # what the notes say of it

    @property
    def is_wanted(self) -> bool:
        """Tells whether it belongs into M3 now."""
        return self.status in WANTED

    def without(self, *, amount: Decimal, pieces: Decimal, lines: int) -> ShopOrder:
        """Returns what is left of it when so much was taken off."""
        return replace(self, total=self.total - amount, pieces=self.pieces - pieces, lines=self.lines - lines)


@dataclass(frozen=True)
class M3Order:
    """An order or batch order of M3's book."""

    number: str  # temporary for a batch order
    key: Key | None  # of the shop's order it names, if its reference has that form
    store: str
    reference: str
    purchase_order: str
    customer: str
    currency: str
    total: Decimal
    line_keys: tuple[str, ...]  # CUPO
    pieces: Decimal
    status: str
    errors: tuple[str, ...]  # what M3 says of a batch order that it did not release

    @property
    def name(self) -> str:
        """Says which order it is, for people."""
        return f"{self.number} ({self.reference or 'no reference'})"

    @property
    def likeness(self) -> tuple[str, str, str, Decimal]:
        """What two orders share that were made of one, whatever their references say."""
        return self.purchase_order, self.customer, self.currency, self.total


def read_shop_orders(book: Mapping[str, Any], *, part: str = "orders") -> list[ShopOrder]:
    """Reads the shop's orders; `part` may be `gone`: those that are no longer there."""
    return [_shop_order(one) for one in book.get(part, ())]


def read_m3_orders(book: Mapping[str, Any], *, part: str = "orders") -> list[M3Order]:
    """Reads M3's orders, or its `batch_orders`."""
    return [_m3_order(one) for one in book[part]]


def _shop_order(one: Mapping[str, Any]) -> ShopOrder:
    created = datetime.fromisoformat(one["date_created_gmt"]).replace(tzinfo=UTC)
    number = one["meta"].get(NUMBER_META)
    times = one.get("meta_keys", list(one["meta"])).count(NUMBER_META)
    return ShopOrder(
        key=Key(int(one["id"]), int(created.timestamp())),
        status=one["status"],
        was_wanted=any(status in WANTED for status in (one["status"], *one.get("statuses", ()))),
        currency=one["currency"],
        total=Decimal(one["total"]),
        skus=tuple(line["sku"] or "" for line in one["lines"]),
        lines=len(one["lines"]),
        pieces=sum((Decimal(line["quantity"]) for line in one["lines"]), Decimal(0)),
        numbers=(str(number),) * times,
        notes=tuple(note.removeprefix(NOTE_START) for note in one["notes"] if note.startswith(NOTE_START)),
    )


def _m3_order(one: Mapping[str, Any]) -> M3Order:
    reference = str(one["yref"])
    store, _, rest = reference.partition("-")
    numbers = rest.split("-")
    is_ours = len(numbers) == 2 and all(number.isdecimal() for number in numbers)
    return M3Order(
        number=one.get("orno") or one["temporary_orno"],
        key=Key(int(numbers[0]), int(numbers[1])) if is_ours else None,
        store=store,
        reference=reference,
        purchase_order=one["cuor"],
        customer=one["cuno"],
        currency=one["cucd"],
        total=Decimal(one["total"]),
        line_keys=tuple(line["cupo"] for line in one["lines"]),
        pieces=sum((Decimal(line["quantity"]) for line in one["lines"]), Decimal(0)),
        status=one["stat"],
        errors=tuple(one.get("errors", ())),
    )
