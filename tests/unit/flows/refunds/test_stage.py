"""How far M3 has come with a line, by the two digits of its status."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from connector.errors import NeedsPersonError
from connector.flows.refunds.stage import Sale, Stage, stage_of
from connector.money.refunds import Of, Piece
from tests.unit.flows.reconciling.test_matching import line


@pytest.mark.parametrize(
    ("status", "invoiced", "stage"),
    [
        ("22", "0", Stage.UNPICKED),
        ("44", "0", Stage.UNDER_WAY),
        ("27", "2", Stage.UNDER_WAY),
        ("77", "3", Stage.INVOICED),
        ("77", "2", Stage.INVOICED),
        ("90", "0", Stage.ENDED),
    ],
)
def test_a_line_is_invoiced_once_nothing_of_it_is_left_to_come(status: str, invoiced: str, stage: Stage) -> None:
    held = replace(line("MUG-001", "3", "38.70"), status=status, invoiced=Decimal(invoiced))

    assert stage_of([held]) is stage


def sale_of(*statuses: str) -> Sale:
    """An order whose lines, 1 and on, have these statuses."""
    held = {place: (replace(line("MUG-001", "1", "12.90"), status=one),) for place, one in enumerate(statuses, start=1)}
    return Sale("0000045001", "GUESTHREUR", held, Stage.UNDER_WAY, "EUR")


def goods(*lines: int) -> list[Piece]:
    return [Piece(Of.GOODS, one, Decimal(1), Decimal("12.90"), (), ()) for one in lines]


def test_refund_of_lines_of_which_one_was_delivered_and_one_ended_is_a_persons() -> None:
    with pytest.raises(NeedsPersonError, match="delivered in part and ended in part"):
        sale_of("77", "90").stage_for(goods(1, 2))


@pytest.mark.parametrize(
    ("statuses", "lines", "stage"),
    [
        (("77", "90"), (1,), Stage.INVOICED),
        (("77", "90"), (2,), Stage.ENDED),
        (("90", "90"), (1, 2), Stage.ENDED),
        (("77", "22"), (1, 2), Stage.UNDER_WAY),
    ],
)
def test_a_refund_is_as_far_as_the_lines_it_gives_back(
    statuses: tuple[str, ...], lines: tuple[int, ...], stage: Stage
) -> None:
    assert sale_of(*statuses).stage_for(goods(*lines)) is stage
