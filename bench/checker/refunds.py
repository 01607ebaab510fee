"""What refunds took off orders before M3 picked them; called by judge.py.

The shop never changes an order that is refunded. M3 gives the money back by a return, or holds the order smaller: what no return
gives back has to be missing in the order.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from bench.checker.books import ShopOrder


@dataclass(frozen=True)
class TakenOff:
    """How much smaller M3 has to hold an order. Pieces are those of refunds that no return is for."""

    amount: Decimal = Decimal(0)
    pieces: Decimal = Decimal(0)
    lines: int = 0


def reduced(
    orders: Collection[ShopOrder], shop_book: Mapping[str, Any], m3_book: Mapping[str, Any], *, stores: Collection[str]
) -> list[ShopOrder]:
    """Returns the orders of the shop as M3 has to hold them."""
    taken = _taken_off(shop_book, _returned(m3_book, stores))
    return [
        one.without(amount=off.amount, pieces=off.pieces, lines=off.lines)
        if (off := taken.get(one.key.order_id))
        else one
        for one in orders
    ]


def _returned(m3_book: Mapping[str, Any], stores: Collection[str]) -> dict[int, Decimal]:
    """Returns what M3's returns and credit orders are worth, below zero, by refund."""
    sums: dict[int, Decimal] = {}
    for one in m3_book.get("returns", ()):
        store, _, rest = str(one["yref"]).partition("-R")
        number = rest.partition("-")[0]
        if number.isdecimal() and (not stores or store in stores):
            sums[int(number)] = sums.get(int(number), Decimal(0)) + Decimal(one["total"])
    return sums


def _taken_off(shop_book: Mapping[str, Any], returned: Mapping[int, Decimal]) -> dict[int, TakenOff]:
    quantities = {line["id"]: line["quantity"] for one in shop_book["orders"] for line in one["lines"]}
    back: Counter[int] = Counter()
    taken: dict[int, TakenOff] = {}
    for refund in shop_book.get("refunds", ()):
        so_far = taken.get(refund["order_id"], TakenOff())
        amount = Decimal(refund["amount"]) + returned.get(refund["id"], Decimal(0))
        goods = [] if refund["id"] in returned else [one for one in refund["lines"] if one["quantity"]]
        back.update({one["line_id"]: one["quantity"] for one in goods})
        taken[refund["order_id"]] = replace(
            so_far,
            amount=so_far.amount + amount,
            pieces=so_far.pieces + sum(one["quantity"] for one in goods),
            lines=so_far.lines + sum(back[one["line_id"]] == quantities.get(one["line_id"]) for one in goods),
        )
    return taken
