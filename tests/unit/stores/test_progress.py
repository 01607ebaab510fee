"""What of an order's progress leads to which status of the shop, and which settings are refused."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from connector.stores.orders import OrdersConfig
from connector.stores.progress import ProgressConfig, Stage

PARTS: dict[str, Any] = {
    "statuses": {"part_delivered": "part-sent", "delivered": "completed"},
    "forwards": ("processing", "part-sent", "completed"),
}


def test_unmapped_stage_keeps_the_status_of_the_last_mapped_one_reached() -> None:
    config = ProgressConfig(**PARTS)

    assert [config.status_at(stage) for stage in Stage] == [
        *(None, None, None),
        *("part-sent", "part-sent"),
        *("completed", "completed"),
    ]


def test_stage_mapped_to_nothing_changes_nothing() -> None:
    config = ProgressConfig(statuses={Stage.DELIVERED: ""})

    assert {config.status_at(stage) for stage in Stage} == {None}


@pytest.mark.parametrize(
    ("before", "after", "is_forward"),
    [
        ("processing", "completed", True),
        ("processing", "part-sent", True),
        ("part-sent", "completed", True),
        ("completed", "part-sent", False),
        ("completed", "completed", False),
        ("cancelled", "completed", False),
        ("refunded", "completed", False),
        ("on-hold", "completed", False),
        ("trash", "completed", False),
    ],
)
def test_an_order_of_the_shop_goes_forward_only(before: str, after: str, is_forward: bool) -> None:
    assert ProgressConfig(**PARTS).is_forward(before, after) is is_forward


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"forwards": ("processing", "cancelled", "completed")}, "M3's progress leaves such orders alone"),
        ({"forwards": ("processing", "processing", "completed")}, "each status once"),
        ({"forwards": ("processing", "", "completed")}, "each status once"),
        ({"statuses": {"part_delivered": "part-sent"}}, "leads to part-sent, which `forwards` does not name"),
        (
            {"statuses": {"part_delivered": "completed", "delivered": "processing"}},
            "a later stage leads to an earlier status",
        ),
        ({"statuses": {"shipped": "completed"}}, "Input should be"),
        ({"statuses": {"delivered": "wc-Completed!"}}, "String should match"),
        ({"note": "On its way: {tracking}"}, "needs {delivery} and {tracking}"),
        ({"note": "{delivery} {tracking} {customer}"}, "needs {delivery} and {tracking}"),
        ({"note": "{delivery} {tracking"}, "note:"),
    ],
)
def test_senseless_progress_is_refused(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError) as refused:
        ProgressConfig(**changes)

    assert words in str(refused.value)


def test_status_that_closes_orders_in_m3_is_no_progress() -> None:
    with pytest.raises(ValidationError, match="`statuses` closes such orders in M3"):
        OrdersConfig.model_validate({"statuses": {"completed": "close"}})


def test_note_is_known_again_whatever_its_tracking_number_was() -> None:
    config = ProgressConfig(note="Sendung {delivery} (Nr. {tracking}) ist unterwegs.")

    looks_like = config.tells_of("70000001")
    assert looks_like.fullmatch(config.note_on("70000001", "T-1, T-2"))
    assert looks_like.fullmatch(config.note_on("70000001", ""))
    assert not looks_like.fullmatch(config.note_on("70000002", "T-1"))
    assert not looks_like.fullmatch("M3 order 70000001")
