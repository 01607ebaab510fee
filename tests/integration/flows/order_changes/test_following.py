"""An order that was changed, ended or restored in the shop after it was posted: M3 follows, to the cent."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.harness import Connector
from tests.integration.flows.order_changes.desk import Desk
from tests.integration.flows.story import Story, quick_store, tax_sent


@pytest.mark.parametrize("quantity", [1, 2, 7])
def test_changed_quantity_is_changed_in_m3_to_the_cent(desk: Desk, quantity: int) -> None:
    desk.set_quantity("MUG-001", quantity)

    assert desk.shop_and_m3_differ() == []


def test_new_line_is_added_with_its_price_and_a_number_of_its_own(desk: Desk) -> None:
    desk.change(line_items=[{"sku": "PAN-28", "product_id": product(desk, "PAN-28"), "quantity": 2}])

    assert desk.shop_and_m3_differ() == []
    assert [line["cupo"] for line in desk.held["lines"]] == ["1", "2", "3"]


def product(desk: Desk, sku: str) -> int:
    products = desk.story.sandbox.shop_book()["products"]
    return int(next(one["id"] for one in products if one["sku"] == sku))


def test_removed_line_is_closed_and_stays_as_a_trace(desk: Desk) -> None:
    desk.set_quantity("MUG-002", 0)

    assert desk.shop_and_m3_differ() == []
    assert [line["itno"] for line in desk.held["closed_lines"]] == ["MUG-002"]


def test_line_that_is_put_back_after_it_was_removed_is_added_again(desk: Desk) -> None:
    desk.set_quantity("MUG-002", 0)

    desk.change(line_items=[{"product_id": product(desk, "MUG-002"), "quantity": 1}])

    assert desk.shop_and_m3_differ() == []


def test_discounted_line_gets_its_new_price_without_a_word_about_quantity(desk: Desk) -> None:
    line = desk.order["line_items"][0]
    before = calls(desk, "ChgLineBatchEnt")

    desk.change(line_items=[{"id": line["id"], "quantity": line["quantity"], "total": "20.01", "subtotal": "20.01"}])

    assert desk.shop_and_m3_differ() == []
    assert calls(desk, "ChgLineBatchEnt") == before


def test_shipping_and_fee_are_added_changed_and_taken_off(desk: Desk) -> None:
    desk.change(fee_lines=[{"name": "Gift wrap", "total": "4.00"}])
    assert desk.shop_and_m3_differ() == []

    fee, shipping = desk.order["fee_lines"][0]["id"], desk.order["shipping_lines"]
    desk.change(fee_lines=[{"id": fee, "name": "Gift wrap", "total": "6.50"}])
    assert desk.shop_and_m3_differ() == []

    desk.change(fee_lines=[{"id": fee, "name": None}])
    assert desk.shop_and_m3_differ() == []
    assert shipping == desk.order["shipping_lines"]


def test_note_that_was_changed_is_written_into_a_text_block_and_read_back(desk: Desk) -> None:
    desk.change(customer_note="Leave it at the door")
    assert desk.held["text_blocks"]["WEB1"] == "Leave it at the door"

    desk.change(customer_note="")
    assert desk.held["text_blocks"]["WEB1"] == "-"
    assert desk.shop_and_m3_differ() == []


def test_note_that_was_changed_says_that_it_replaces_the_one_that_stays_beside_it(common: Story) -> None:
    desk = Desk(common, customer_note="Ring twice")

    desk.change(customer_note="Leave it at the door")
    changed = desk.held["text_blocks"]["WEB1"]
    desk.story.connector.pass_time(2 * 86400)
    desk.set_quantity("MUG-001", 5)
    later = desk.held["text_blocks"]["WEB1"]
    desk.change(customer_note="")

    assert re.fullmatch(r"Replaces all earlier notes \(\d{4}-\d\d-\d\d\): Leave it at the door", changed)
    assert later == changed  # the day is the one it was written on
    assert desk.held["text_blocks"]["WEB1"].endswith("): -")
    assert desk.shop_and_m3_differ() == []


def test_words_by_which_a_changed_note_replaces_the_one_before_are_the_stores(connector: Connector) -> None:
    story = Story(connector, guests="common", changed_note='"Geändert {date:%d.%m.}:"')
    desk = Desk(story, customer_note="Ring twice")

    desk.change(customer_note="At the door")

    assert re.fullmatch(r"Geändert \d\d\.\d\d\.: At the door", desk.held["text_blocks"]["WEB1"])


def test_payment_reference_that_came_later_is_set(desk: Desk) -> None:
    desk.change(transaction_id="pi_123")

    assert desk.held["head"]["PYRE"] == "pi_123"
    assert desk.shop_and_m3_differ() == []


def test_second_look_after_a_change_asks_m3_nothing(desk: Desk) -> None:
    desk.set_quantity("MUG-001", 5)
    before = desk.story.sandbox.m3_book()["http_calls"]

    desk.change(status="completed")

    assert desk.story.sandbox.m3_book()["http_calls"] == before


@pytest.mark.parametrize("status", ["cancelled", "failed"])
def test_order_that_ends_in_the_shop_is_closed_in_m3_with_its_charges(desk: Desk, status: str) -> None:
    desk.change(status=status)

    assert desk.is_closed() == []
    assert desk.held["stat"] == "99"


@pytest.mark.parametrize("action", ["trash", "delete"])
def test_order_that_is_gone_from_the_shop_is_closed_in_m3(desk: Desk, action: str) -> None:
    desk.story.change(desk.order, action=action)
    desk.story.go_on()

    assert desk.is_closed() == []


def test_cancelled_order_that_is_paid_after_all_is_the_same_order_again(desk: Desk) -> None:
    number = desk.held["orno"]
    desk.change(status="cancelled")

    desk.change(status="processing")

    assert desk.shop_and_m3_differ() == []
    assert desk.held["orno"] == number


def test_cancelled_order_stays_closed_while_it_waits_for_its_payment(desk: Desk) -> None:
    desk.change(status="cancelled")

    desk.change(status="on-hold")

    assert desk.is_closed() == []


def test_order_cancelled_again_and_changed_meanwhile_ends_as_it_is(desk: Desk) -> None:
    desk.change(status="cancelled")
    desk.change(status="processing", **desk.quantity_of("MUG-001", 1))
    assert desk.shop_and_m3_differ() == []

    desk.change(status="cancelled")

    assert desk.is_closed() == []


def test_reason_of_the_store_is_given_with_each_closed_line(common: Story) -> None:
    common.connector.configure(quick_store(guests="common").replace('close_reason: ""', "close_reason: WEB"))
    desk = Desk(common)

    desk.change(status="cancelled")

    assert [line["reason"] for line in desk.held["closed_lines"]] == ["WEB", "WEB"]


def deleting(story: Story) -> Desk:
    story.connector.configure(quick_store(guests="common").replace("cancel: close ", "cancel: delete "))
    return Desk(story)


def test_store_that_deletes_leaves_nothing_of_an_untouched_order(common: Story) -> None:
    desk = deleting(common)

    common.change(desk.order, status="cancelled")
    common.go_on()

    assert common.orders() == []
    assert common.exchange()["state"] == "done"


def test_store_that_deletes_closes_an_order_that_is_allocated(common: Story) -> None:
    desk = deleting(common)
    desk.advance("33")

    desk.change(status="cancelled")

    assert desk.is_closed() == []


def test_deleted_order_that_is_wanted_again_becomes_no_second_one(common: Story) -> None:
    desk = deleting(common)
    common.change(desk.order, status="cancelled")
    common.go_on()

    common.change(desk.order, status="processing")
    common.go_on()

    assert common.orders() == []
    assert common.exchange()["reason_code"] == "needs_person"


def test_order_with_tax_as_charges_is_closed_whole(common: Story) -> None:
    common.connector.configure(tax_sent())
    desk = Desk(common)

    desk.change(status="cancelled")

    assert desk.is_closed() == []


def test_site_that_enters_changes_as_a_batch_is_waited_for(common: Story) -> None:
    desk = Desk(common)
    common.sandbox.m3_faults(batch_entry_s=2, gateway_cut_s=0.2)
    desk.order = common.change(desk.order, **desk.quantity_of("MUG-001", 5))
    common.connector.drain()
    waiting, sent = common.exchange()["state"], calls(desk, "ChgLineBatchEnt")

    common.sandbox.post(f"{common.sandbox.m3_url}/_control/clock", {"offset_s": 10})
    common.connector.pass_time(30)
    common.go_on()

    assert waiting == "waiting"
    assert calls(desk, "ChgLineBatchEnt") == sent
    assert desk.shop_and_m3_differ() == []


def test_every_change_is_in_the_audit_trail_with_both_sides(desk: Desk) -> None:
    desk.set_quantity("MUG-001", 5)

    rows = desk.story.connector.rows("SELECT before, after FROM audit WHERE action = 'OIS100MI/ChgLineBatchEnt'")

    assert rows == [{"before": {"quantity of line 1": "3"}, "after": {"quantity of line 1": "5"}}]


def calls(desk: Desk, name: str) -> Any:
    return desk.story.sandbox.m3_book()["calls"].get(f"OIS100MI/{name}", 0)
