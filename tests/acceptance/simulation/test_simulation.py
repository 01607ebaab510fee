"""A few random days in every run of the tests, and for each guard a day that breaks a promise without it.

`make simulate` lets many days pass.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

import hypothesis
import pytest
from hypothesis.errors import FlakyStrategyDefinition

from tests.acceptance.simulation import search
from tests.acceptance.simulation.__main__ import never_drawn
from tests.acceptance.simulation.days import Step, Tally
from tests.acceptance.simulation.goods import POT, SOLD
from tests.acceptance.simulation.machine import Simulation
from tests.acceptance.simulation.search import CAUGHT_AS, Found, Search
from tests.acceptance.simulation.sorts import ASKED_FOR, USUAL, Sort
from tests.acceptance.simulation.together import search_all


def found_by(wanted: Search) -> Found:
    found, errors = search_all(wanted, processes=1, on_example=lambda: None)
    assert errors == []
    return found[0]


def day(*steps: tuple[str, dict[str, Any]], sort: Sort = Sort.ORDERS_ALONE) -> tuple[Step, ...]:
    return (Step("begin", {"seed": 1, "sort": sort}), *(Step(name, values) for name, values in steps))


def killed_at(moment: int) -> tuple[tuple[str, dict[str, Any]], ...]:
    """An order whose worker is killed right after its commit or write number `moment`."""
    return (
        ("place", {"kind": "guest", "arrives": True}),
        ("run_and_kill", {"which": -1, "at": moment, "is_before": False, "comes_back": False}),
        ("let_leases_expire", {}),
        ("work_off", {"most": 9}),
    )


POT_NO = SOLD.index(POT)
ARRIVES = ("place", {"kind": "guest", "arrives": True})
LOST_ANSWER = {"which": 0, "call": 0, "fault": "drop_after_commit", "late_s": 1}
COUNTED = ("change_in_m3", {"which": POT_NO, "what": "counted", "amount": 3})
COUNTED_AGAIN = ("change_in_m3", {"which": POT_NO, "what": "counted", "amount": 5})
HEARD: tuple[tuple[str, dict[str, Any]], ...] = (("hear_all", {}), ("pass_time", {"seconds": 1}))
LATE_BATCH = {"which": 0, "call": 0, "fault": "nok", "late_s": 4}
DAYS = {
    "sweeper": day(ARRIVES, ("forget_messages", {"which": 0, "all_of_them": True})),
    "lookup": day(ARRIVES, ("run_and_fail", LOST_ANSWER)),
    "fencing": day(*(step for moment in range(12) for step in killed_at(moment))),
    "overlap": day(("place_while_polled", {"kind": "guest", "takes_s": 3})),
    "compare": day(("place_several", {"kinds": ["guest", "guest"]})),
    "in_flight": day(
        ("buy", {"which": POT_NO, "units": 4, "is_paid": False, "arrives": True}),
        COUNTED,
        *HEARD,
        ("work_off", {"most": 9}),
        sort=Sort.GOODS,
    ),
    "second_look": day(
        COUNTED,
        *HEARD,
        ("run_and_fail", LATE_BATCH),
        COUNTED_AGAIN,
        *HEARD,
        ("work_off", {"most": 9}),
        ("pass_time", {"seconds": 10}),
        sort=Sort.GOODS,
    ),
    "erasing": day(
        ("open_account", {"who": "ana", "arrives": True}),
        ("work_off", {"most": 9}),
        ("change_account", {"which": 0, "what": "moves", "amount": 0, "arrives": False}),
        ("deliver", {"which": 0, "fate": "is held up"}),
        ("erase_account", {"which": 0, "how": "delete", "arrives": True}),
        ("work_off", {"most": 9}),
        ("arrive_late", {"which": 0, "times": 1}),
        ("work_off", {"most": 9}),
        sort=Sort.ACCOUNTS,
    ),
    "one_key": day(
        ARRIVES,
        ("work_off", {"most": 1}),
        ("run_and_fail", LOST_ANSWER),
        ("pass_time", {"seconds": 46}),
        ("work_off", {"most": 9}),
        sort=Sort.INVOICES,
    ),
    "foreign": day(
        ARRIVES,
        ("work_off", {"most": 9}),
        ("close_line", {"which": 0}),
        ("change", {"which": 0, "how": "a mug more", "arrives": True}),
        ("work_off", {"most": 9}),
    ),
    "taken_off": day(
        ARRIVES,
        ("work_off", {"most": 9}),
        ("give_back", {"which": 0, "what": "a piece", "paid_back": True, "restocks": True, "arrives": True}),
        ("change", {"which": 0, "how": "a mug more", "arrives": True}),
        ("work_off", {"most": 9}),
    ),
}


UNITS_OF_INVOICES = day(
    ("place", {"kind": "fee_negative", "arrives": False}),
    ("move_in_m3", {"what": "receipt", "amount": 3}),
    ("pass_time", {"seconds": 61}),
    ("turn", {"name": "pull_stock", "beats": 1}),
    ("sweep", {}),
    ("work_off", {"most": 9}),
    sort=Sort.ISSUES_SHOWN,
)
RETURNED = day(
    ARRIVES,
    ("work_off", {"most": 9}),
    ("deliver_in_m3", {"which": 0, "to": "77", "all_of_them": False}),
    ("give_back", {"which": 0, "what": "a piece", "paid_back": True, "restocks": True, "arrives": True}),
    ("work_off", {"most": 1}),
    ("run_and_fail", LOST_ANSWER),
    ("pass_time", {"seconds": 46}),
    ("work_off", {"most": 9}),
)
PAID = day(
    ARRIVES,
    ("work_off", {"most": 1}),
    ("run_and_fail", LOST_ANSWER),
    ("pass_time", {"seconds": 46}),
    ("work_off", {"most": 9}),
    sort=Sort.PAID,
)
EDITED_IN_M3 = day(
    ARRIVES,
    ("work_off", {"most": 9}),
    ("change_line_in_m3", {"which": 0, "what": "price", "amount": 3}),
    ("change", {"which": 0, "how": "one more of its first thing", "arrives": True}),
    ("work_off", {"most": 9}),
    sort=Sort.IN_PARTS,
)
PLAYED = [
    *((guard, DAYS[guard]) for guard in CAUGHT_AS),
    *(("in_flight", UNITS_OF_INVOICES), ("lookup", RETURNED), ("one_key", PAID), ("foreign", EDITED_IN_M3)),
]
IDS = [*CAUGHT_AS, "in_flight of invoices", "lookup of returns", "one_key of payments", "foreign price"]


def test_random_days_break_no_promise() -> None:
    found = found_by(Search(examples=2 * len(USUAL), steps=30, seed=1))

    assert found.violation is None, found.story
    assert found.tally.examples >= 2 * len(USUAL)
    assert min(found.tally.sorts[sort] for sort in USUAL) > 0
    assert found.tally.goods["stock"] > 0


def test_random_days_of_orders_whose_payments_are_posted_break_no_promise() -> None:
    found = found_by(Search(examples=2 * len(ASKED_FOR), steps=30, seed=1, sorts=ASKED_FOR))

    assert found.violation is None, found.story
    assert min(found.tally.sorts[sort] for sort in ASKED_FOR) > 0
    assert found.tally.carried["payment"] > 0


def test_days_that_take_longest_are_drawn_half_as_often() -> None:
    wanted = Search(examples=24, steps=1, seed=1)

    assert dict(search._shares(wanted)) == {sort: 2 if sort.issues_stock else 4 for sort in USUAL}


@pytest.mark.parametrize(("days", "missing"), [(200, [Sort.ISSUES]), (199, [])])
def test_long_run_in_which_no_day_was_of_some_sort_is_told(days: int, missing: list[Sort]) -> None:
    done = Tally(examples=days, sorts=Counter({sort: days // 5 for sort in Sort if sort is not Sort.ISSUES}))

    assert never_drawn(done, Sort) == missing


@pytest.mark.parametrize(("guard", "steps"), PLAYED, ids=IDS)
def test_day_breaks_its_promise_without_the_guard_alone(guard: str, steps: tuple[Step, ...]) -> None:
    without = found_by(Search(examples=1, steps=50, seed=1, control=guard, replay=steps))
    with_it = found_by(Search(examples=1, steps=50, seed=1, replay=steps))

    assert (without.violation or "").startswith(CAUGHT_AS[guard]), without.story
    assert with_it.violation is None, with_it.story


def test_search_goes_on_with_another_seed_where_a_day_went_otherwise_the_second_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[int] = []

    def draws(machine: type[Simulation], *, settings: hypothesis.settings) -> None:
        asked.append(settings.max_examples)
        Simulation.tally.examples += 5
        if len(asked) == 1:
            raise FlakyStrategyDefinition

    monkeypatch.setattr(search, "run_state_machine_as_test", draws)

    wanted = Search(examples=12, steps=1, seed=1, sorts=(Sort.ISSUES,))
    found = search.search(wanted, on_example=lambda: None)

    assert (found.violation, asked) == (None, [12, 7])
