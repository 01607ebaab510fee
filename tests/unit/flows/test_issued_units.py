"""What M3 has booked out for an order and what is still to be booked: whatever happens, the sum is what the shop's order holds."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from connector.flows.issues.keeping import Issue, Issued

LINE = "7"
BOX = Issue("1", {LINE: Issued(11, "MUG-001", "MUG-001", Decimal(6))})
units = st.integers(0, 9).map(Decimal)


@given(
    st.lists(st.tuples(units, st.booleans()), max_size=8), st.sampled_from(["1", "6", "0.5", "0.3333333333333333333"])
)
def test_what_was_executed_sums_to_what_was_last_held(levels: list[tuple[Decimal, bool]], factor: str) -> None:
    issue = Issue("1", {LINE: Issued(11, "MUG-001", "MUG-001", Decimal(factor))})
    sent = Decimal(0)
    for held, is_executed in levels:
        issue = replace(issue, wanted={LINE: held})
        issue = issue.beginning(issue.moves())
        if is_executed and issue.begun:
            quantity = issue.lines[LINE].basic(-issue.begun[LINE])
            sent += quantity
            issue = issue.booked({LINE: quantity})
        assert Issue.from_json(issue.to_json()) == issue
        assert issue.lines[LINE].units + issue.moves().get(LINE, Decimal(0)) == held

    assert abs(sent + issue.lines[LINE].units * Decimal(factor)) < Decimal("0.0001")


def test_what_m3_holds_under_a_number_counts_and_not_what_was_sent() -> None:
    begun = replace(BOX, wanted={LINE: Decimal(3)}).beginning({LINE: Decimal(3)})

    booked = begun.booked({LINE: Decimal(-12)})

    assert (booked.lines[LINE].units, booked.lines[LINE].version) == (Decimal(2), 1)
    assert (booked.moves(), booked.begun) == ({LINE: Decimal(1)}, {})


def test_person_who_discards_answers_for_what_was_wanted_and_uses_up_the_number() -> None:
    begun = replace(BOX, wanted={LINE: Decimal(3)}).beginning({LINE: Decimal(3)})

    answered = begun.answered_for("2026-11-29")

    assert (answered.moves(), answered.begun, answered.answered) == ({}, {}, "2026-11-29")
    assert (answered.lines[LINE].units, answered.lines[LINE].version) == (Decimal(3), 1)
    assert answered.by_product() == {"11": Decimal(3)}


def test_third_of_a_basic_unit_that_a_lost_ledger_finds_in_m3_is_a_whole_unit_of_the_shop() -> None:
    third = Issue("1", {LINE: Issued(11, "MUG-001", "MUG-001", 1 / Decimal(3))}, {LINE: Decimal(1)})

    assert third.booked({LINE: Decimal("-0.333333")}).moves() == {}


def test_what_a_former_version_kept_is_read() -> None:
    wanted = {"7": Decimal(6)}
    lines = {"7": Issued(product_id=3, sku="MUG", item="MUG-001", units=Decimal(4), version=1)}
    issue = Issue("e", lines=lines, wanted=wanted, owed=wanted)
    kept = issue.to_json()
    for name in ("rules", "is_told", "owed"):
        del kept[name]
    del kept["lines"]["7"]["by_hand"]

    assert Issue.from_json(kept) == issue
