"""Every place where an order can break on its way into M3 and back: killed, answer lost, refused. One order comes out."""

from __future__ import annotations

from itertools import count

import pytest

from tests.integration.flows.crashing import KilledError, Trap, set_trap
from tests.integration.flows.story import Story


def moments_of(story: Story) -> list[str]:
    story.begin()
    with set_trap(Trap()) as trap:
        story.go_on()
    return trap.moments


@pytest.mark.parametrize("is_before", [True, False], ids=["before", "after"])
def test_worker_killed_at_any_commit_or_write_leaves_one_order(story: Story, is_before: bool) -> None:
    moments = moments_of(story)
    assert {"M3 order.add_head", "M3 order.confirm", "M3 customer.add", "shop POST notes"} <= set(moments)

    wrong = {}
    for place, moment in enumerate(moments):
        order = story.begin()
        with set_trap(Trap(at=place, is_before=is_before)), pytest.raises(KilledError):
            story.go_on()
        story.recover()
        if complaints := story.complaints(order):
            wrong[f"{place} {moment}"] = complaints

    assert wrong == {}


WAITED_OUT = (
    *("drop_before_commit", "drop_after_commit", "late_answer", "token_revoke"),
    *("http_429", "http_503", "http_504", "lock", "terminate"),
)
"""What M3 and its gateway do to a call, and nobody but the connector has to do anything about."""


def m3_writes_of(story: Story) -> list[str]:
    """Returns PROGRAM/Transaction of every kind of write of one order."""
    before = story.sandbox.m3_book()["calls"]
    story.begin()
    with set_trap(Trap()) as trap:
        story.go_on()
    names = {f"{one.program}/{one.transaction}" for calls in trap.calls for one in calls}
    assert {"OIS100MI/AddBatchHead", "OIS100MI/AddBatchLine", "OIS100MI/Confirm", "CRS610MI/Add"} <= names
    assert all(story.sandbox.m3_book()["calls"][name] > before.get(name, 0) for name in names)
    return sorted(names)


@pytest.mark.parametrize("fault", WAITED_OUT)
def test_any_write_to_m3_that_goes_wrong_once_leaves_one_order(story: Story, fault: str) -> None:
    wrong = {}
    for name in m3_writes_of(story):
        order = story.begin()
        story.m3_fault(name, fault)
        story.go_on_late()
        assert story.injected()[fault][name] >= 1
        if complaints := story.complaints(order):
            wrong[name] = complaints

    assert wrong == {}


@pytest.mark.parametrize("fault", ["http_429", "http_500", "http_503", "drop_after_commit"])
def test_any_write_to_the_shop_that_goes_wrong_once_leaves_one_note(story: Story, fault: str) -> None:
    wrong = {}
    for method, path in (("PUT", "orders/"), ("POST", "orders/")):
        order = story.begin()
        story.sandbox.shop_rule(method, path, fault)
        story.go_on()
        if complaints := story.complaints(order):
            wrong[method] = complaints

    assert wrong == {}


def test_any_refused_write_leaves_nothing_in_m3_and_one_order_once_released(story: Story) -> None:
    wrong = {}
    for name in m3_writes_of(story):
        order = story.begin()
        story.m3_fault(name, "nok")
        story.go_on()
        dead = story.connector.rows("SELECT id, reason, resolution FROM exchange WHERE state = 'dead_letter'")
        assert [bool(one["reason"] and one["resolution"]) for one in dead] == [True]
        left = story.sandbox.m3_book()["batch_orders"] if name != "OIS100MI/Confirm" else []
        story.release(dead[0]["id"])
        story.go_on()
        if complaints := [*left, *story.complaints(order)]:
            wrong[name] = complaints

    assert wrong == {}


LOST = {
    "head": ("OIS100MI/AddBatchHead", "drop_after_commit"),
    "lines": ("OIS100MI/AddBatchLine", "drop_after_commit"),
    "Confirm not executed": ("OIS100MI/Confirm", "drop_before_commit"),
    "Confirm executed": ("OIS100MI/Confirm", "drop_after_commit"),
}


@pytest.mark.parametrize(("name", "fault"), LOST.values(), ids=LOST.keys())
def go_on_until_killed(story: Story, trap: Trap) -> bool:
    """Tells whether the story reached the moment at which the worker is killed."""
    try:
        with set_trap(trap):
            story.go_on()
    except KilledError:
        return True
    return False


@pytest.mark.parametrize(("name", "fault"), LOST.values(), ids=LOST.keys())
def test_worker_killed_while_it_recovers_from_a_lost_answer_leaves_one_order(
    common: Story, name: str, fault: str
) -> None:
    wrong = {}
    for place in count():
        order = common.begin()
        common.m3_fault(name, fault)
        trap = Trap(at=place)
        is_killed = go_on_until_killed(common, trap)
        common.recover()
        if complaints := common.complaints(order):
            wrong[f"{place} {trap.moments[place:]}"] = complaints
        if not is_killed:
            break

    assert wrong == {}
    assert place > 10, trap.moments
