"""Which orders the buyers place, in which order, and what becomes of their webhooks; used by demo/story.py."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from demo.stores import DIRECT, STORE

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
    """One order to be placed. `is_cod` makes it cash on delivery: unpaid until it has left, so it may still change."""

    kind: str
    deliver: Delivery
    store: str = STORE
    is_cod: bool = False

    @property
    def cart(self) -> dict[str, str]:
        """What the shop is asked for."""
        return {"kind": self.kind, "deliver": self.deliver, **({"payment_method": "cod"} if self.is_cod else {})}


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
OF_DIRECT = {
    **{"guest": 2, "registered": 2, "variations": 1, "coupon_percent": 1, "two_tax_rates": 1, "fee_positive": 1},
    **{"usd": 1, "zero_line": 1},
}
"""How many of the 60, the last of their kind, are bought in the shop in direct-invoice mode."""
COD = {"guest": 4, "registered": 3, "two_tax_rates": 1, "usd": 1}
"""How many of the others, the first of their kind, are cash on delivery."""


def plan_orders(count: int, *, seed: int) -> list[Planned]:
    """Returns the orders of the story in the order they are placed; the same for the same seed."""
    rng = random.Random(seed)  # noqa: S311 - a repeatable story, nothing secret
    kinds = _kinds(count, rng)
    rng.shuffle(kinds)
    fates = _fates(rng)
    lost = set(LOST_KINDS)
    direct, cod = _last_of(kinds, OF_DIRECT), Counter(COD)
    planned = []
    for place, kind in enumerate(kinds):
        if place in direct:
            planned.append(Planned(kind, next(fates), store=DIRECT))
            continue
        fate = Delivery.NEVER if kind in lost else next(fates)
        lost.discard(kind)
        planned.append(Planned(kind, fate, is_cod=cod[kind] > 0))
        cod[kind] -= 1
    return planned


def _last_of(kinds: list[str], shares: Mapping[str, int]) -> set[int]:
    """Returns the places of the last orders of each kind, so many as `shares` says; one of each kind is left out."""
    places = {kind: [place for place, one in enumerate(kinds) if one == kind][1:] for kind in shares}
    return {place for kind, share in shares.items() for place in places[kind][-share:]}


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
