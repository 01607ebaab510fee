"""Rounding and spreading of money, the same way everywhere; called by every module of connector.money."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_FLOOR, ROUND_HALF_UP, Decimal

ZERO = Decimal(0)


def smallest_step(decimals: int) -> Decimal:
    """Returns the smallest amount with `decimals` places: 2 gives 0.01, 0 gives 1."""
    return Decimal(1).scaleb(-decimals)


def round_half_up(value: Decimal, decimals: int) -> Decimal:
    """Rounds half away from zero to `decimals` places, as M3 does with amounts."""
    return value.quantize(smallest_step(decimals), rounding=ROUND_HALF_UP)


def roundings(count: int, decimals: int) -> Decimal:
    """Returns what so many roundings to `decimals` places can come to together."""
    return smallest_step(decimals) * count / 2


def has_at_most(value: Decimal, decimals: int) -> bool:
    """Tells whether `value` needs no more than `decimals` places."""
    return value == round_half_up(value, decimals)


def spread(total: Decimal, shares: Sequence[Decimal], *, decimals: int) -> tuple[Decimal, ...]:
    """Rounds `shares` so that they sum to `total` exactly, by largest remainder.

    Args:
        total: The sum to reach, with at most `decimals` places.
        shares: The exact shares; they may miss `total` by roundings. A share of zero stays zero.
        decimals: Places of the result.

    Raises:
        ValueError: There is a total but no share that could carry it, or the total itself is not rounded.
    """
    step = smallest_step(decimals)
    floors = [share.quantize(step, rounding=ROUND_FLOOR) for share in shares]
    carrying = [index for index, share in enumerate(shares) if share]
    missing = (total - sum(floors, ZERO)) / step
    if missing != missing.to_integral_value():
        raise ValueError(f"{total} has more than {decimals} decimals.")
    if not carrying:
        if missing:
            raise ValueError(f"There is no share to carry {total}.")
        return tuple(floors)
    each, extra = divmod(int(missing), len(carrying))
    carrying.sort(key=lambda index: (floors[index] - shares[index], index))
    for place, index in enumerate(carrying):
        floors[index] += step * (each + (place < extra))
    return tuple(floors)
