"""A quantity that somebody changed in the shop: recognised, and dealt with as the store's rule says."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from connector.flows.stock.correcting import WAITS_FOR
from connector.flows.stock.late_orders import HEARD_OF_WITHIN
from connector.m3.calls import Call
from connector.m3.programs import counts
from tests.harness import SETTLED_S
from tests.integration.flows.stock.stock_story import MUG, StockStory

ADJUST = {"by_hand": "adjust", "location": "MAIN", "partner": "WEB"}
COUNT = {"by_hand": "count", "location": "MAIN"}
REAL_COUNT = counts.count


def corrected(story: StockStory, rule: dict[str, Any], *, to: int) -> dict[str, Any] | None:
    """Lets 20 units be shown, changes them by hand, and carries on; returns the exchange left, if any."""
    story.configure(corrections=rule)
    story.m3_holds(MUG, 20)
    story.carry(MUG)
    story.set_by_hand(MUG, to)
    story.carry(MUG)
    return carry_correction(story)


def carry_correction(story: StockStory, *, is_m3_at_work: bool = False) -> dict[str, Any] | None:
    story.connector.pass_time(HEARD_OF_WITHIN.total_seconds())
    for _ in range(4):
        rows = story.connector.rows("SELECT * FROM exchange WHERE flow = 'stock_to_m3'")
        if not rows or rows[0]["state"] in ("done", "dead_letter"):
            break
        story.connector.run(rows[0]["id"])
        if not is_m3_at_work:
            story.sandbox.m3_does_late_work()
        story.connector.pass_time(SETTLED_S)
    story.go_on()
    rows = story.connector.rows("SELECT * FROM exchange WHERE flow = 'stock_to_m3'")
    return rows[0] if rows else None


def on_hand(story: StockStory) -> str:
    rows = story.sandbox.m3_book()["stock"]
    return next(str(one["on_hand"]) for one in rows if (one["itno"], one["whlo"]) == (MUG, "001"))


def test_reported_correction_is_put_back_and_told(story: StockStory) -> None:
    left = corrected(story, {"by_hand": "report"}, to=15)

    assert story.shown(MUG) == 20
    assert left is not None
    assert left["state"] == "dead_letter"
    assert "from 20 to 15" in left["reason"]
    assert "MMS310" in left["resolution"]


def test_overwritten_correction_is_put_back_without_a_word(story: StockStory) -> None:
    left = corrected(story, {"by_hand": "overwrite"}, to=25)

    assert story.shown(MUG) == 20
    assert left is None


@pytest.mark.parametrize("rule", [COUNT, ADJUST], ids=["count", "adjust"])
@pytest.mark.parametrize("to", [15, 26])
def test_booked_correction_moves_m3_and_stays_in_the_shop(story: StockStory, rule: dict[str, Any], to: int) -> None:
    left = corrected(story, rule, to=to)

    assert left is not None
    assert (left["state"], left["reason"]) == ("done", f"booked in M3: {to - 20} basic units")
    assert on_hand(story) == str(to)
    assert story.shown(MUG) == to


@pytest.mark.parametrize(
    ("rule", "fault"),
    [
        (COUNT, "drop_after_commit"),
        (COUNT, "http_503"),
        (COUNT, "late_answer"),
        (ADJUST, "drop_after_commit"),
        (ADJUST, "late_answer"),
    ],
)
def test_correction_is_booked_once_whatever_becomes_of_the_answer(
    story: StockStory, rule: dict[str, Any], fault: str
) -> None:
    program, name = ("MMS310MI", "Update") if rule is COUNT else ("MMS850MI", "AddAdjust")
    story.configure(corrections=rule)
    story.m3_holds(MUG, 20)
    story.carry(MUG)
    story.set_by_hand(MUG, 15)
    fault_rule = {"program": program, "transaction": name, "fault": fault, "rate": 1.0, "times": 1}
    story.sandbox.m3_faults(rules=[fault_rule], gateway_cut_s=0.2, late_commit_s=0.1)

    story.carry(MUG)
    left = carry_correction(story)

    assert left is not None
    assert left["state"] == "done"
    assert on_hand(story) == "15"
    assert story.shown(MUG) == 15
    assert story.connector.rows("SELECT * FROM document WHERE kind = 'stock_correction'") == []


@pytest.mark.parametrize("fault", ["http_503", "late_answer"])
def test_difference_that_may_still_arrive_is_not_sent_a_second_time(story: StockStory, fault: str) -> None:
    """After a 503, or where M3 is at work on it for longer than the settle time, nobody knows."""
    story.configure(corrections=ADJUST)
    story.m3_holds(MUG, 20)
    story.carry(MUG)
    story.set_by_hand(MUG, 15)
    rule = {"program": "MMS850MI", "transaction": "AddAdjust", "fault": fault, "rate": 1.0, "times": 1}
    story.sandbox.m3_faults(rules=[rule], gateway_cut_s=0.2, late_commit_s=600)

    story.carry(MUG)
    left = carry_correction(story, is_m3_at_work=True)

    assert left is not None
    assert left["state"] == "dead_letter"
    assert "may still be" in left["reason"]
    assert on_hand(story) == "20"


def test_booking_that_m3_says_yes_to_and_does_not_show_is_told(
    story: StockStory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("connector.m3.programs.counts.count", _count_of_nothing_new)

    left = corrected(story, COUNT, to=15)

    assert left is not None
    assert left["state"] == "dead_letter"
    assert "holds 20 there and not 15" in left["reason"]


def _count_of_nothing_new(item: str, **given: Any) -> Call:
    """What M3 is sent is another quantity than the one that is expected there."""
    return REAL_COUNT(item, **{**given, "quantity": Decimal(20)})


def test_large_correction_waits_for_a_person(story: StockStory) -> None:
    left = corrected(story, {**COUNT, "most": "3"}, to=15)

    assert left is not None
    assert left["state"] == "dead_letter"
    assert on_hand(story) == "20"


def test_correction_left_to_a_person_is_put_back_when_nothing_is_on_its_way(story: StockStory) -> None:
    left = corrected(story, {**COUNT, "most": "3"}, to=15)
    before = story.shown(MUG)

    story.connector.pass_time(WAITS_FOR.total_seconds())
    story.go_on()

    offer = story.offer(MUG)
    assert left is not None
    assert (before, story.shown(MUG)) == (15, 20)
    assert (offer["written"]["quantity"], offer["wanted_rev"] - offer["done_rev"]) == (20, 0)
    runs = story.connector.rows("SELECT claim_no FROM exchange WHERE flow = 'stock_to_m3'")
    assert runs == [{"claim_no": left["claim_no"]}]


def test_news_of_an_item_does_not_end_the_wait_for_its_correction(story: StockStory) -> None:
    corrected(story, {**COUNT, "most": "3"}, to=15)

    story.carry(MUG)
    before = story.shown(MUG)
    story.connector.pass_time(WAITS_FOR.total_seconds())
    story.go_on()

    assert (before, story.shown(MUG)) == (15, 20)


def test_correction_on_its_way_is_left_standing(story: StockStory) -> None:
    story.configure(corrections=COUNT)
    story.m3_holds(MUG, 20)
    story.carry(MUG)
    story.set_by_hand(MUG, 15)
    story.carry(MUG)

    story.connector.pass_time(WAITS_FOR.total_seconds())
    story.go_on()
    before = story.shown(MUG)
    carry_correction(story)

    assert (before, story.shown(MUG), on_hand(story)) == (15, 15, "15")


def test_sale_is_no_correction(story: StockStory) -> None:
    story.configure(corrections=COUNT)
    story.m3_holds(MUG, 20)
    story.carry(MUG)
    story.buy(MUG, 3)
    story.carry(MUG)
    story.m3_holds(MUG, 22)

    story.carry(MUG)

    assert story.connector.rows("SELECT * FROM exchange WHERE flow = 'stock_to_m3'") == []
    assert story.shown(MUG) == 19


def test_lost_answer_of_our_own_write_is_no_correction(story: StockStory) -> None:
    story.configure(corrections=COUNT)
    story.m3_holds(MUG, 20)
    story.carry(MUG)
    story.m3_holds(MUG, 18)
    story.sandbox.shop_rule("POST", "products/batch", "drop_after_commit")
    story.due(MUG)
    story.run_once()
    story.m3_holds(MUG, 17)

    story.go_on()

    assert story.connector.rows("SELECT * FROM exchange WHERE flow = 'stock_to_m3'") == []
    assert story.shown(MUG) == 17


@pytest.mark.parametrize("rule", [{"by_hand": "report"}, COUNT, ADJUST], ids=["report", "count", "adjust"])
def test_sale_of_an_order_that_is_heard_of_late_is_nobodys_correction(story: StockStory, rule: dict[str, Any]) -> None:
    story.configure(corrections=rule)
    story.m3_holds(MUG, 20)
    story.carry(MUG)
    story.buy("PAN-28", 1)
    story.carry("PAN-28")
    story.buy(MUG, 3, saved_late_s=45)
    story.carry(MUG)
    (left,) = story.connector.rows("SELECT * FROM exchange WHERE flow = 'stock_to_m3'")
    assert "from 20 to 17" not in (left["reason"] or ""), "nobody is told before the orders were read"

    story.connector.poll()
    carried = carry_correction(story)

    assert carried is not None
    assert (carried["state"], carried["reason"]) == ("done", "orders that were heard of late explain it")
    assert on_hand(story) == "20"
    assert story.shown(MUG) == 17


def test_correction_that_a_late_order_explains_in_part_is_booked_by_nobody_but_a_person(story: StockStory) -> None:
    story.configure(corrections=COUNT)
    story.m3_holds(MUG, 20)
    story.carry(MUG)
    story.buy("PAN-28", 1)
    story.carry("PAN-28")
    story.buy(MUG, 3, saved_late_s=45)
    story.set_by_hand(MUG, 22)
    story.carry(MUG)

    story.connector.poll()
    left = carry_correction(story)

    assert left is not None
    assert left["state"] == "dead_letter"
    assert "heard of late took 3" in left["reason"]
    assert on_hand(story) == "20"
