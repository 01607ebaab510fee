"""What a person changed in M3 is shown and not overwritten, and what a person settled there stays settled."""

from __future__ import annotations

from decimal import Decimal
from functools import partial
from unittest.mock import patch

import pytest

from connector.m3.client import M3Client
from connector.m3.programs import order_changes
from tests.harness import STORE
from tests.integration.flows.order_changes.desk import Desk, audited, stopped_before, waits
from tests.integration.flows.order_changes.people import (
    change_by_person,
    change_price,
    discard_it,
    tell_m3,
    write_text,
)
from tests.integration.flows.story import Story


def test_text_a_person_changed_in_m3_is_shown_and_not_overwritten(desk: Desk) -> None:
    desk.change(customer_note="At the door")
    write_text(desk, "Ring twice")

    desk.change(customer_note="With the neighbour")

    exchange = waits(desk)
    assert "the text WEB1 is another one" in exchange["reason"]
    assert "Ring" not in exchange["reason"] + exchange["resolution"]
    assert desk.held["text_blocks"]["WEB1"] == "Ring twice"
    assert audited(desk)["after"]["in M3"] == {"WEB1": "another text"}


def test_text_a_person_wrote_where_there_was_none_is_not_overwritten(desk: Desk) -> None:
    write_text(desk, "Ring twice")

    desk.change(customer_note="With the neighbour")

    assert "the text WEB1" in waits(desk)["reason"]
    assert desk.held["text_blocks"]["WEB1"] == "Ring twice"


@pytest.mark.parametrize("is_second", [False, True], ids=["the first change", "a later one"])
def test_reference_a_person_changed_in_m3_is_shown_and_not_overwritten(desk: Desk, is_second: bool) -> None:
    if is_second:
        desk.change(transaction_id="pi_1")
    tell_m3(desk, "OIS100MI", "ChgOrderRef", ORNO=desk.held["orno"], PYRE="by hand")

    desk.change(transaction_id="pi_2")

    assert "the reference PYRE is another one" in waits(desk)["reason"]
    assert desk.held["head"]["PYRE"] == "by hand"


def test_person_who_writes_the_same_reference_is_agreed_with(desk: Desk) -> None:
    tell_m3(desk, "OIS100MI", "ChgOrderRef", ORNO=desk.held["orno"], PYRE="pi_2")

    desk.change(transaction_id="pi_2", **desk.quantity_of("MUG-001", 5))

    assert desk.shop_and_m3_differ() == []


def test_line_a_person_changed_in_m3_is_shown_and_not_overwritten(desk: Desk) -> None:
    change_by_person(desk, 9)

    desk.set_quantity("MUG-002", 4)

    assert "line 1 (CUPO 1)" in waits(desk)["reason"]
    assert [line["quantity"] for line in desk.held["lines"]] == ["9", "1"]


def test_discount_a_person_gave_while_the_order_is_changed_is_shown_and_not_taken_off(desk: Desk) -> None:
    mine = partial(change_price, desk, "2", {"SAPR": "9.99", "SACD": "1", "DIP1": "10"})
    with patch.object(M3Client, "write", stopped_before("order.change_line", mine)):
        desk.set_quantity("MUG-001", 5)

    assert "line 2: 1 for 8.99 instead of 1 for 9.99" in waits(desk)["reason"]
    assert [line["line_amount"] for line in desk.held["lines"]] == ["64.50", "8.99"]


def test_quantity_that_shows_before_its_new_price_is_ours(desk: Desk) -> None:
    line = desk.order["line_items"][0]

    desk.change(line_items=[{"id": line["id"], "quantity": 5, "total": "50.00", "subtotal": "50.00"}])

    assert desk.shop_and_m3_differ() == []


@pytest.mark.parametrize("status", ["cancelled", None], ids=["cancelled", "more of another line"])
def test_quantity_a_person_gave_a_free_line_is_shown_and_not_overwritten(common: Story, status: str | None) -> None:
    desk = Desk(common, lines=[{"sku": "FREE-0", "quantity": 1}, {"sku": "MUG-001", "quantity": 3}])
    change_by_person(desk, 9)

    desk.change(**({"status": status} if status else desk.quantity_of("MUG-001", 7)))

    assert "line 1: 9 pieces instead of 1" in waits(desk)["reason"]
    assert [(line["itno"], line["quantity"]) for line in desk.held["lines"]] == [("FREE-0", "9"), ("MUG-001", "3")]


def test_quantity_a_person_changed_at_the_same_amount_is_shown_and_not_overwritten(desk: Desk) -> None:
    line = desk.held["lines"][0]
    change_by_person(desk, 6)
    change_price(desk, "1", {"SAPR": str(Decimal(line["price"]) / 2)})
    assert desk.held["lines"][0]["line_amount"] == line["line_amount"]

    desk.set_quantity("MUG-002", 4)

    assert "line 1: 6 pieces instead of 3" in waits(desk)["reason"]
    assert [line["quantity"] for line in desk.held["lines"]] == ["6", "1"]


def test_change_a_person_made_in_m3_as_well_settles_by_itself(desk: Desk) -> None:
    desk.advance("33")
    change_by_person(desk, 5)
    total = desk.held["total"]

    desk.set_quantity("MUG-001", 5)

    assert desk.held["total"] == total
    assert desk.shop_and_m3_differ() == []


def test_order_a_person_deleted_in_m3_is_not_made_again(desk: Desk) -> None:
    m3 = desk.story.connector.process.runtime.store(STORE).m3
    m3.write([order_changes.delete_order(desk.held["orno"])])[0].require()

    desk.story.change(desk.order, **desk.quantity_of("MUG-001", 5))
    desk.story.go_on()

    assert desk.story.exchange()["state"] == "dead_letter"
    assert desk.story.orders() == []


@pytest.mark.parametrize("later", ["on-hold", "pending", "failed", "trash"])
def test_cancelled_order_that_a_person_closed_is_not_filled_again_by_a_later_status(desk: Desk, later: str) -> None:
    desk.advance("44")
    desk.change(status="cancelled")
    waits(desk)
    discard_it(desk)
    calls = desk.story.sandbox.m3_book()["http_calls"]

    desk.story.change(desk.order, **({"action": "trash"} if later == "trash" else {"status": later}))
    desk.story.go_on()

    assert desk.story.exchange()["state"] == "done"
    assert desk.story.sandbox.m3_book()["http_calls"] == calls


def test_order_that_differed_and_was_corrected_in_m3_is_compared_before_anything_else(desk: Desk) -> None:
    begin = partial(desk.story.tax_customer, "GUESTHREUR", is_taxed=False)
    with patch.object(M3Client, "write", stopped_before("order.change_line", begin)):
        desk.set_quantity("MUG-001", 5)
    locked = (waits(desk)["reason_code"], desk.held["held"])
    desk.story.tax_customer("GUESTHREUR", is_taxed=True)
    tell_m3(desk, "OIS100MI", "ChgOrderRef", ORNO=desk.held["orno"], PYRE="corrected")

    desk.story.release(desk.story.exchange()["id"])
    desk.story.go_on()

    assert locked == ("amounts_differ", True)
    assert desk.shop_and_m3_differ() == []
