"""How far an order is, from the statuses of its lines."""

from __future__ import annotations

import pytest

from connector.flows.progress.stages import KNOWN, stage_of, unknown_among
from connector.stores.progress import Stage


@pytest.mark.parametrize(
    ("statuses", "stage"),
    [
        (["05"], Stage.OPEN),
        (["10", "22"], Stage.OPEN),
        (["22", "22"], Stage.OPEN),
        (["22", "33"], Stage.ALLOCATED),
        (["23", "22"], Stage.ALLOCATED),
        (["44", "22"], Stage.PICKING),
        (["24"], Stage.PICKING),
        (["66", "22"], Stage.PART_DELIVERED),
        (["46"], Stage.PART_DELIVERED),
        (["22", "26", "33"], Stage.PART_DELIVERED),
        (["77", "37"], Stage.PART_INVOICED),
        (["27", "33"], Stage.PART_INVOICED),
        (["66", "66"], Stage.DELIVERED),
        (["66", "77"], Stage.DELIVERED),
        (["67"], Stage.DELIVERED),
        (["66", "99"], Stage.DELIVERED),
        (["77", "77"], Stage.INVOICED),
        (["77", "99"], Stage.INVOICED),
        (["99", "99"], None),
        (["88", "66"], None),
        ([], None),
    ],
)
def test_least_and_most_progressed_part_of_all_lines_make_the_stage(statuses: list[str], stage: Stage | None) -> None:
    assert stage_of(statuses) == stage


def test_every_published_status_is_known_and_others_are_named() -> None:
    assert unknown_among([*KNOWN, "99"]) == []
    assert unknown_among(["66", "88", "", "90"]) == ["", "88", "90"]
