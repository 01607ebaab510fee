"""How far M3 has come with a line, by the two digits of its status."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from connector.flows.refunds.stage import Stage, stage_of
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
