"""Which orders the buyers place, in which order, and what becomes of their webhooks; used by demo/story.py."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

DEFAULT_ORDERS = 60


class Delivery(StrEnum):
    """What becomes of an order's webhooks on their way."""

    NOW = "now"
    TWICE = "twice"  # every delivery comes two times
    REORDERED = "reordered"  # updated before created
    LATE = "late"  # after some seconds
    NEVER = "never"  # lost: the poll must find the order


@dataclass(frozen=True)
class Planned:
    """One order to be placed."""

    kind: str
    deliver: Delivery


ALWAYS = ("sixty_lines", "unknown_sku", "on_hold", "usd", "two_tax_rates", "registered", "coupon_percent", "variations")
"""Kinds a short story has too; kinds are named by the sandbox shop (`GET /_control/kinds`)."""

SHARES = {
    **{"guest": 8, "registered": 8, "variations": 4, "coupon_percent": 4, "coupon_fixed": 3, "two_tax_rates": 4},
    **{"fee_positive": 3, "fee_negative": 3, "usd": 3, "sixty_lines": 1, "unknown_sku": 2, "on_hold": 2, "cod": 2},
    **{"cancelled": 2, "pending": 1, "checkout_draft": 1, "completed": 2, "emoji_note": 1, "zero_line": 2},
    **{"long_address": 2, "same_sku_two_lines": 2},
}
"""How many of 60."""

LOST_KINDS = ("guest", "usd")


def plan_orders(count: int, *, seed: int) -> list[Planned]:
    """Returns the orders of the story in the order they are placed; the same for the same seed."""
    rng = random.Random(seed)  # noqa: S311 - a repeatable story, nothing secret
    kinds = _kinds(count, rng)
    rng.shuffle(kinds)
    fates = _fates(rng)
    lost = set(LOST_KINDS)
    planned = []
    for kind in kinds:
        if kind in lost:
            lost.discard(kind)
            planned.append(Planned(kind, Delivery.NEVER))
        else:
            planned.append(Planned(kind, next(fates)))
    return planned


def _kinds(count: int, rng: random.Random) -> list[str]:
    every = [kind for kind, share in SHARES.items() for _ in range(share)]
    rest = list(every)
    for kind in ALWAYS:
        rest.remove(kind)
    rng.shuffle(rest)
    while len(ALWAYS) + len(rest) < count:
        rest += rng.sample(every, len(every))
    return [*ALWAYS, *rest][:count]


def _fates(rng: random.Random) -> Iterator[Delivery]:
    while True:
        turn = [Delivery.NOW] * 10 + [Delivery.TWICE] * 6 + [Delivery.REORDERED] * 3 + [Delivery.LATE]
        rng.shuffle(turn)
        yield from turn
