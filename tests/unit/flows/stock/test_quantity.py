"""How many units of an item the shop may show (money-and-stock section 11)."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.flows.stock.quantity import Figures, shown

UNITS = st.decimals(min_value=-1000, max_value=1000, places=3, allow_nan=False, allow_infinity=False)
LOTS = st.decimals(min_value=0, max_value=1000, places=3, allow_nan=False, allow_infinity=False)


def figures(on_hand: object, *, allocated: object = 0, reserved: object = 0, ours: object = 0) -> Figures:
    stock = Decimal(str(on_hand))
    return Figures(
        on_hand=stock,
        allocatable=stock - Decimal(str(allocated)),
        available=stock - Decimal(str(reserved)),
        reserved=Decimal(str(reserved)),
        unallocated=Decimal(str(ours)),
    )


@pytest.mark.parametrize(
    ("said", "free"),
    [
        (figures(20), 20),
        (figures(20, reserved=3), 17),  # confirmed, not allocated: in AV02 alone
        (figures(20, reserved=3, ours=3), 17),  # and not taken off twice
        (figures(20, allocated=5, reserved=8, ours=3), 12),  # reserved contains allocated: AV02 says it all
        (figures(20, allocated=5, reserved=3, ours=3), 12),  # reserved does not: our lines are taken off AV01
        (figures(20, allocated=5, ours=3), 15),  # none is reserved any more, so our line was allocated since
        (figures(-4), -4),
    ],
)
def test_free_is_what_neither_figure_gives_away(said: Figures, free: int) -> None:
    assert said.free == free


def test_a_lack_in_one_warehouse_is_taken_from_the_other() -> None:
    both = figures(20).plus(figures(-6))

    assert both.free == 14


@pytest.mark.parametrize(
    ("free", "in_flight", "factor", "buffer", "units"),
    [
        ("20", "0", "1", "0", 20),
        ("20", "3", "1", "0", 17),
        ("20", "3", "1", "2", 15),
        ("20", "25", "1", "0", 0),
        ("17", "0", "6", "0", 2),
        ("17", "5", "6", "0", 2),
        ("17", "6", "6", "0", 1),
        ("2.9", "0", "1", "0", 2),
        ("-0.5", "0", "1", "0", 0),
        ("20", "0", "1", "0.5", 19),
        ("1", "0", "0.25", "0", 4),
    ],
)
def test_whole_units_of_the_shop_are_shown(free: str, in_flight: str, factor: str, buffer: str, units: int) -> None:
    assert shown(Decimal(free), in_flight=Decimal(in_flight), factor=Decimal(factor), buffer=Decimal(buffer)) == units


@given(free=UNITS, in_flight=LOTS, buffer=LOTS)
def test_never_more_is_shown_than_is_free(free: Decimal, in_flight: Decimal, buffer: Decimal) -> None:
    units = shown(free, in_flight=in_flight, factor=Decimal(1), buffer=buffer)

    assert units == 0 or units <= free - in_flight - buffer


@given(on_hand=UNITS, allocated=LOTS, unallocated=LOTS)
def test_free_is_right_whatever_the_reserved_figure_contains(
    on_hand: Decimal, allocated: Decimal, unallocated: Decimal
) -> None:
    inclusive = figures(on_hand, allocated=allocated, reserved=allocated + unallocated, ours=unallocated)
    exclusive = figures(on_hand, allocated=allocated, reserved=unallocated, ours=unallocated)

    assert inclusive.free == exclusive.free == on_hand - allocated - unallocated
