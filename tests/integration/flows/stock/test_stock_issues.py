"""Units of direct invoices booked out of M3's stock, and in again, once each (`invoices.stock: issue`)."""

from __future__ import annotations

import time
from typing import Any

import pytest
from sqlalchemy import text

from connector.ledger.session import transaction
from tests.harness import SETTLED_S, Connector
from tests.integration.flows.books.counting_house import invoicing
from tests.integration.flows.refunds.desk import part_of
from tests.integration.flows.stock.stock_story import MUG, PAN
from tests.integration.flows.stock.warehouse import CAP, FLOW, IN_BOXES, ISSUE, TOO_LOW, Warehouse

STATED_BY = {
    "the stock shown": IN_BOXES,
    "the booking": invoicing(invoices={**ISSUE, "issue": {**ISSUE["issue"], "unit": "BOX"}}),
}
KEPT_DEDUCTED = invoicing(invoices={"stock": "keep_deducted"}, publish={"stock": {}})
LATE_S = 3.0
DELETED_FIRST = "first delete the message in MMS850"


@pytest.fixture
def house(connector: Connector) -> Warehouse:
    return Warehouse(connector)


def test_units_of_an_invoiced_order_leave_stock_once_and_are_taken_off_once(house: Warehouse) -> None:
    order = house.place()
    house.go_on()
    shown = house.shown()
    house.change(order, customer_note="news")
    house.go_on()

    assert house.messages() == [(MUG, "-3"), (CAP, "-1")]
    assert [house.on_hand(item) for item in (MUG, CAP)] == [17, 9]
    assert (shown, house.shown()) == (17, 17)
    assert house.exchange(FLOW)["reason"] == "M3 has booked 4 units out of stock"


def test_units_are_taken_off_while_m3_does_not_have_them_yet(house: Warehouse) -> None:
    house.set_messages(runs=False)
    house.place()
    house.connector.drain()

    assert (house.on_hand(), house.shown()) == (20, 17)


def test_refund_that_restocks_gives_back_and_one_that_does_not_leaves_it(house: Warehouse) -> None:
    order = house.place()
    house.go_on()
    mug = order["line_items"][0]
    house.change(order, refund={"line_items": [part_of(mug, 1)], "api_restock": True})
    house.go_on()
    after_one = house.on_hand(), house.shown()
    house.change(order, refund={"line_items": [part_of(mug, 1)], "api_restock": False})
    house.go_on()

    assert after_one == (18, 18)
    assert (house.on_hand(), house.shown()) == (18, 18)
    assert house.messages() == [(MUG, "-3"), (CAP, "-1"), (MUG, "1")]


def test_cancelled_order_gives_everything_back_and_takes_it_again_when_it_is_restored(house: Warehouse) -> None:
    order = house.place()
    house.go_on()
    house.change(order, status="cancelled")
    house.go_on()
    given_back = house.on_hand(), house.shown()
    house.change(order, status="processing")
    house.go_on()

    assert given_back == (20, 20)
    assert (house.on_hand(), house.shown()) == (17, 17)


@pytest.mark.parametrize(
    ("told", "read", "on_hand"), [("processing", "cancelled", 17), ("cancelled", "processing", 20)]
)
def test_booking_that_read_its_order_in_a_passing_status_follows_when_it_is_back(
    house: Warehouse, told: str, read: str, on_hand: int
) -> None:
    order = house.place(status=read)
    house.go_on()
    house.change(order, status=told)
    house.connector.run(house.exchange()["id"])
    url = f"{house.sandbox.shop_url}/_control/orders/{order['id']}"
    house.sandbox.post(url, {"deliver": "never", "status": read})
    house.connector.run(house.exchange(FLOW)["id"])
    house.sandbox.post(url, {"deliver": "never", "status": told})
    house.connector.ask(order["id"])
    house.go_on()

    assert house.on_hand() == on_hand


def test_order_that_is_not_carried_and_one_without_stock_book_nothing(house: Warehouse) -> None:
    house.place(status="on-hold")
    house.go_on()
    order = house.place()
    house.change(order, status="cancelled")
    house.go_on()

    assert house.messages() == []
    assert house.connector.rows("SELECT 1 FROM document WHERE kind = 'stock_issue'") == []


@pytest.mark.parametrize(
    "fault", ["drop_after_commit", "drop_before_commit", "late_answer", "http_503", "lock", "terminate"]
)
def test_units_are_booked_once_whatever_becomes_of_the_answer(house: Warehouse, fault: str) -> None:
    house.m3_fault("MMS850MI/AddAdjust", fault)
    house.place()
    house.go_on_late()

    assert house.exchange(FLOW)["state"] == "done"
    assert sorted(house.messages()) == [(MUG, "-3"), (CAP, "-1")]
    assert (house.on_hand(), house.shown()) == (17, 17)


def test_booking_that_comes_after_a_second_one_is_refused_by_its_number(house: Warehouse) -> None:
    """The first is executed after the settle time: the same number was taken meanwhile."""
    house.sandbox.m3_faults(
        rules=[{"program": "MMS850MI", "transaction": "AddAdjust", "fault": "late_answer", "times": 1}],
        gateway_cut_s=0.2,
        late_commit_s=LATE_S - 0.5,
    )
    house.place()
    house.connector.drain()
    house.connector.pass_time(SETTLED_S)
    house.connector.drain()
    done = house.exchange(FLOW)["state"]
    time.sleep(LATE_S)

    assert done == "done"
    assert house.on_hand() == 17


def test_booking_that_comes_after_its_order_was_cancelled_is_found_and_given_back(house: Warehouse) -> None:
    house.sandbox.m3_faults(
        rules=[{"program": "MMS850MI", "transaction": "AddAdjust", "fault": "late_answer", "times": 1}],
        gateway_cut_s=0.2,
        late_commit_s=LATE_S - 0.5,
    )
    order = house.place()
    house.connector.drain()
    house.change(order, status="cancelled")
    house.connector.pass_time(SETTLED_S)
    house.connector.drain()
    watched = house.exchange(FLOW)
    time.sleep(LATE_S)
    came = house.on_hand()
    house.connector.pass_time(601)
    house.go_on()

    assert (watched["state"], watched["reason_code"]) == ("waiting", "not_yet")
    assert (came, house.on_hand(), house.exchange(FLOW)["state"]) == (17, 20, "done")


def test_ledger_put_back_to_before_the_order_finds_what_m3_has_booked(house: Warehouse) -> None:
    order = house.place()
    house.go_on()
    house.change(order, refund={"line_items": [part_of(order["line_items"][0], 1)], "api_restock": True})
    house.go_on()
    house.forget_everything()
    house.connector.pass_time(3600)
    house.connector.ask(order["id"])
    house.go_on()

    assert house.on_hand() == 18
    assert len(house.messages()) == 3
    assert house.exchange(FLOW)["reason"] == "M3 has booked 3 units out of stock"


def test_ledger_put_back_to_before_an_order_that_was_cancelled_since_gives_its_units_back(house: Warehouse) -> None:
    order = house.place()
    house.go_on()
    house.forget_everything()
    house.connector.pass_time(3600)
    house.change(order, status="cancelled")
    house.go_on()
    house.change(order, customer_note="news")
    house.go_on()

    assert (house.on_hand(), house.on_hand(CAP)) == (20, 10)
    assert len(house.messages()) == 4


def test_ledger_put_back_to_before_an_order_that_lost_a_line_since_gives_its_units_back(house: Warehouse) -> None:
    order = house.place()
    other = house.place(lines=[{"sku": CAP, "quantity": 2}])  # perhaps of the same second
    house.go_on()
    house.forget_everything()
    house.connector.pass_time(3600)
    house.remove_line(order, CAP)
    house.connector.ask(other["id"])
    house.go_on()

    assert house.messages()[-1] == (CAP, "1")
    assert [house.on_hand(item) for item in (MUG, CAP)] == [17, 8]
    assert house.exchange(FLOW)["state"] == "done"


def test_lines_that_were_removed_are_told_to_a_person_where_m3_does_not_list_its_messages(house: Warehouse) -> None:
    order = house.place()
    house.go_on()
    house.forget_everything()
    house.set_messages(lists=False)
    house.connector.pass_time(3600)
    house.remove_line(order, CAP)
    house.go_on()
    held = house.exchange(FLOW)
    house.release(held["id"])
    house.go_on()

    assert (held["state"], held["reason_code"]) == ("dead_letter", "permanent")
    assert f"remark w1-{order['id']}" in held["resolution"]
    assert house.exchange(FLOW)["reason"] == "M3 has booked 3 units out of stock"


def test_late_heard_order_of_which_m3_has_booked_nothing_is_left_alone(house: Warehouse) -> None:
    house.connector.pass_time(3600)
    order = house.place(status="on-hold")
    house.change(order, status="cancelled")
    house.go_on()

    assert house.messages() == []
    assert house.exchange(FLOW)["state"] == "done"


def test_line_id_that_a_restored_shop_gives_again_takes_a_number_of_its_own(house: Warehouse) -> None:
    house.sandbox.post(f"{house.sandbox.shop_url}/_control/backup", {"name": ""})
    lost = house.place(lines=[{"sku": MUG, "quantity": 3}])
    house.go_on()
    time.sleep(1.1)  # the second an order was made in tells the two apart
    house.sandbox.post(f"{house.sandbox.shop_url}/_control/restore", {"name": ""})
    other = house.place(lines=[{"sku": MUG, "quantity": 2}])
    house.go_on()

    assert (other["id"], other["line_items"][0]["id"]) == (lost["id"], lost["line_items"][0]["id"])
    assert house.messages() == [(MUG, "-3"), (MUG, "-2")]
    keys = house.connector.rows("SELECT business_key, state FROM exchange WHERE flow = :flow ORDER BY id", flow=FLOW)
    assert [row["business_key"].partition("@")[0] for row in keys] == [str(lost["id"])] * 2
    assert {row["state"] for row in keys} == {"done"}
    assert house.connector.rows("SELECT 1 FROM binding WHERE kind = 'issue' AND shop_key LIKE '%@%'")


def test_message_m3_has_not_executed_is_waited_for_and_never_sent_again(house: Warehouse) -> None:
    house.set_messages(runs=False)
    house.place()
    house.connector.drain()
    waiting = house.exchange(FLOW)
    house.run_messages()
    house.connector.pass_time(61)
    house.go_on()

    assert (waiting["state"], waiting["reason_code"]) == ("waiting", "not_yet")
    assert "stands at 10" in waiting["reason"]
    assert (house.exchange(FLOW)["state"], len(house.messages()), house.on_hand()) == ("done", 2, 17)


def test_character_beside_a_message_that_was_not_executed_is_no_error(house: Warehouse) -> None:
    """MSGD has one character in the published signature; a flag there says nothing about why."""
    house.set_messages(runs=False, says="1")
    house.place()
    house.connector.drain()
    waiting = house.exchange(FLOW)

    assert (waiting["state"], waiting["reason_code"]) == ("waiting", "not_yet")
    assert DELETED_FIRST in waiting["resolution"]


def test_words_of_a_site_about_a_message_that_was_not_executed_are_its_error(house: Warehouse) -> None:
    house.set_messages(runs=False, says="Quantity on hand is too low")
    house.place()
    house.go_on()
    held = house.exchange(FLOW)

    assert (held["state"], held["reason_code"]) == ("dead_letter", "needs_person")
    assert "(Quantity on hand is too low)" in held["reason"]


def test_message_that_m3_cannot_execute_is_a_persons_and_goes_on_when_it_is_run_there(house: Warehouse) -> None:
    house.set_messages(fails=TOO_LOW)
    house.place()
    house.go_on()
    held = house.exchange(FLOW)
    house.run_messages()
    house.revive()

    assert (held["state"], held["reason_code"]) == ("dead_letter", "needs_person")
    assert f"stands at 15 ({TOO_LOW})" in held["reason"]
    assert DELETED_FIRST in held["resolution"]
    assert (house.exchange(FLOW)["state"], house.on_hand()) == ("done", 17)


def test_refused_booking_goes_on_after_a_release(house: Warehouse) -> None:
    house.m3_fault("MMS850MI/AddAdjust", "nok")
    house.place()
    house.go_on()
    held = house.exchange(FLOW)
    house.release(held["id"])
    house.go_on()

    assert (held["state"], held["reason_code"]) == ("dead_letter", "m3_rejected")
    assert "MMS865" in held["resolution"]
    assert DELETED_FIRST in held["resolution"]
    assert sorted(house.messages()) == [(MUG, "-3"), (CAP, "-1")]


def test_discarded_booking_is_the_persons_and_only_later_changes_are_booked(house: Warehouse) -> None:
    house.m3_fault("MMS850MI/AddAdjust", "nok", times=9)
    order = house.place()
    house.go_on()
    house.end_faults()
    house.discard()
    house.stock.m3_holds(MUG, 17)
    settled = house.shown()
    house.change(order, customer_note="news")
    house.go_on()
    none = house.messages()
    house.change(order, refund={"line_items": [part_of(order["line_items"][0], 1)], "api_restock": True})
    house.go_on()

    assert settled == 17
    assert none == [(CAP, "-1")] or none == []
    assert (MUG, "1") in house.messages()
    assert (house.on_hand(), house.shown()) == (18, 18)


@pytest.mark.parametrize("cut_off_by", ["a killed worker", "a shop that is away"])
def test_discarded_booking_stays_discarded_where_the_next_run_does_not_end(house: Warehouse, cut_off_by: str) -> None:
    order = house.refuse_and_discard()
    house.take_back(order)
    if cut_off_by == "a killed worker":
        house.kill_the_next_run()
    else:
        house.sandbox.shop_rule("GET", "orders/", "http_503")
        house.connector.run(house.exchange(FLOW)["id"])
    cut_off = house.exchange(FLOW)["state"]
    house.go_on()

    assert cut_off != "done"
    assert house.messages() == [(MUG, "1")]
    assert house.exchange(FLOW)["reason"] == "M3 has booked 3 units out of stock"


def test_booking_that_is_released_after_a_discard_is_made(house: Warehouse) -> None:
    house.refuse_and_discard()
    house.release(house.exchange(FLOW)["id"])
    house.go_on()

    assert sorted(house.messages()) == [(MUG, "-3"), (CAP, "-1")]


def test_discard_that_is_taken_back_later_has_the_units_booked_after_all(house: Warehouse) -> None:
    order = house.refuse_and_discard()
    house.take_back(order)
    house.go_on()
    house.release(house.exchange(FLOW)["id"])
    house.go_on()

    assert sorted(house.messages()) == [(MUG, "-3"), (MUG, "1"), (CAP, "-1")]
    assert (house.on_hand(), house.shown()) == (18, 18)


def lose_what_was_discarded(house: Warehouse, order: dict[str, Any]) -> str:
    """Has the order marked, loses the ledger, and has the order heard of; returns what becomes of its booking."""
    house.go_on()
    house.lose_ledger()
    house.connector.forget()
    house.connector.ask(order["id"])
    house.go_on()
    return str(house.exchange(FLOW)["reason_code"])


def test_discarded_booking_that_a_ledger_put_back_forgot_is_the_persons_once_more(house: Warehouse) -> None:
    order = house.refuse_and_discard()

    found = lose_what_was_discarded(house, order)
    house.discard()
    house.take_back(order)
    house.go_on()

    assert found == "changed_after_discard"
    assert house.messages() == [(MUG, "1")]


def test_discarded_booking_that_a_ledger_put_back_forgot_is_made_once_it_is_released(house: Warehouse) -> None:
    order = house.refuse_and_discard()
    lose_what_was_discarded(house, order)

    house.release(house.exchange(FLOW)["id"])
    house.go_on()

    assert sorted(house.messages()) == [(MUG, "-3"), (CAP, "-1")]
    assert house.mark_of(order) == ""


def test_release_of_a_later_booking_leaves_what_a_person_booked_by_hand(house: Warehouse) -> None:
    order = house.refuse_and_discard()
    house.m3_fault("MMS850MI/AddAdjust", "nok", times=9)
    house.take_back(order)
    house.go_on()
    held = house.exchange(FLOW)
    house.end_faults()
    house.release(held["id"])
    house.go_on()
    house.take_back(order)
    house.go_on()

    assert (held["state"], held["reason_code"]) == ("dead_letter", "m3_rejected")
    assert house.messages() == [(MUG, "1"), (MUG, "1")]


def test_booking_discarded_before_anything_was_begun_stays_out(house: Warehouse) -> None:
    order = house.place()
    house.connector.run(house.exchange()["id"])
    for _ in range(3):
        house.kill_the_next_run()
    held = house.exchange(FLOW)
    house.discard()
    house.take_back(order)
    house.go_on()
    before = house.messages()
    house.take_back(order)
    house.go_on()

    assert (held["state"], held["reason_code"]) == ("dead_letter", "crashed")
    assert (before, house.messages()) == ([], [(MUG, "1")])


def test_person_who_discards_answers_for_what_the_order_holds_by_then(house: Warehouse) -> None:
    house.set_messages(fails=TOO_LOW)
    order = house.place()
    house.go_on()
    house.take_back(order)
    house.go_on()
    house.discard()
    house.set_messages()
    house.change(order, status="cancelled")
    house.go_on()

    assert house.messages()[2:] == [(MUG, "2"), (CAP, "1")]


def test_ledger_put_back_to_before_two_bookings_goes_on_to_what_the_order_holds(house: Warehouse) -> None:
    order = house.place()
    house.go_on()
    kept = house.connector.rows("SELECT id, CAST(plan AS text) AS plan FROM document WHERE kind = 'stock_issue'")[0]
    house.take_back(order)
    house.go_on()
    with transaction(house.connector.engine) as connection:
        connection.execute(text("UPDATE document SET plan = CAST(:plan AS jsonb) WHERE id = :id"), kept)
    house.take_back(order)
    house.go_on()

    assert house.messages() == [(MUG, "-3"), (CAP, "-1"), (MUG, "1"), (MUG, "1")]
    assert house.on_hand() == 19
    assert house.exchange(FLOW)["reason"] == "M3 has booked 2 units out of stock"


@pytest.mark.parametrize("said_by", ["the stock shown", "the booking"])
def test_unit_the_shop_sells_in_is_booked_in_basic_units(house: Warehouse, said_by: str) -> None:
    house.connector.configure(STATED_BY[said_by])
    house.place(lines=[{"sku": MUG, "quantity": 1}])
    house.go_on()

    assert house.messages() == [(MUG, "-6")]
    assert house.on_hand() == 14


def test_units_are_given_back_once_the_store_file_issues_stock_no_more(house: Warehouse) -> None:
    order = house.place()
    house.go_on()
    house.connector.configure(KEPT_DEDUCTED)
    other = house.place(lines=[{"sku": MUG, "quantity": 2}])
    house.take_back(order)
    house.go_on()
    after_one = house.on_hand(), house.shown()
    house.change(order, status="cancelled")
    house.change(other, status="cancelled")
    house.go_on()

    assert house.messages() == [(MUG, "-3"), (CAP, "-1"), (MUG, "1"), (MUG, "2"), (CAP, "1")]
    assert after_one == (18, 16)  # two of the other order stay deducted
    assert (house.on_hand(), house.on_hand(CAP)) == (20, 10)


def test_units_added_once_the_store_file_issues_stock_no_more_are_not_booked_out(house: Warehouse) -> None:
    order = house.place()
    house.go_on()
    house.connector.configure(KEPT_DEDUCTED)
    house.change(order, line_items=[{"sku": PAN, "quantity": 4}], status="completed")
    house.go_on()

    assert house.messages() == [(MUG, "-3"), (CAP, "-1")]
    assert (house.on_hand(PAN), house.shown(PAN)) == (30, 26)


def test_message_that_waits_is_looked_at_though_the_store_file_issues_stock_no_more(house: Warehouse) -> None:
    house.set_messages(runs=False)
    order = house.place()
    house.connector.drain()
    house.connector.configure(KEPT_DEDUCTED)
    house.run_messages()
    house.set_messages()
    house.connector.pass_time(61)
    house.go_on()
    house.take_back(order)
    house.go_on()

    assert house.messages() == [(MUG, "-3"), (CAP, "-1"), (MUG, "1")]
    assert house.exchange(FLOW)["reason"] == "M3 has booked 3 units out of stock"


@pytest.mark.parametrize("is_stated", [True, False])
def test_units_a_former_version_booked_out_come_back(house: Warehouse, is_stated: bool) -> None:
    order = house.place()
    house.go_on()
    house.connector.rows(
        "UPDATE document SET plan = (plan - 'rules' - 'is_told') || jsonb_build_object('lines', "
        "(SELECT jsonb_object_agg(k, v - 'by_hand') FROM jsonb_each(plan->'lines') AS x(k, v))) "
        "WHERE kind = 'stock_issue' RETURNING id"
    )
    booked = house.on_hand()
    if not is_stated:
        house.connector.configure(invoicing())
    house.change(order, status="cancelled")
    house.go_on()

    said = house.exchange(FLOW)
    if is_stated:
        assert (said["state"], house.on_hand() > booked) == ("done", True)
    else:
        assert (said["state"], said["reason_code"], house.on_hand()) == ("dead_letter", "unmappable", booked)
        assert "invoices.issue" in said["resolution"]
