"""A line that costs nothing, of an item on which M3 lets no discount count: it is set to price 0, and the order is not held."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from connector.m3.calls import Answer
from connector.m3.programs import ois100mi, ois320mi, order_changes
from connector.m3.programs.ois100mi import LineKey
from tests.harness import STORE
from tests.integration.flows.order_changes.desk import Desk
from tests.integration.flows.story import Story

GIFT = "GIFT"


def sell_gift(story: Story, *, price: str, takes_discounts: bool = False) -> None:
    item = {"itno": GIFT, "list_price": "12.90", "takes_discounts": takes_discounts}
    story.sandbox.post(f"{story.sandbox.m3_url}/_control/items", [item])
    story.sandbox.post(f"{story.sandbox.shop_url}/_control/products", {"sku": GIFT, "regular_price": price})


def with_gift(story: Story, *, price: str) -> dict[str, Any]:
    """An order with a gift that costs nothing, at the price the shop has taken off."""
    order = story.place(lines=[{"sku": "MUG-001", "quantity": 1}, {"sku": GIFT, "quantity": 2}], status="on-hold")
    gift = next(line for line in order["line_items"] if line["sku"] == GIFT)
    free = {"id": gift["id"], "quantity": 2, "subtotal": str(2 * Decimal(price)), "total": "0.00"}
    return story.change(order, line_items=[free], status="processing")


def gift_of(story: Story) -> dict[str, Any]:
    (held,) = story.orders()
    return next(dict(line) for line in held["lines"] if line["itno"] == GIFT)


@pytest.mark.parametrize("price", ["0.00", "12.90"])
def test_line_that_costs_nothing_is_put_right_under_the_lock(common: Story, price: str) -> None:
    sell_gift(common, price=price)
    order = with_gift(common, price=price)
    common.go_on()

    (held,) = common.orders()
    calls = common.sandbox.m3_book()["calls"]
    assert gift_of(common)["line_amount"] == "0.00"
    assert (held["total"], held["held"], common.exchange()["state"]) == (order["total"], False, "done")
    assert [calls[f"OIS100MI/{name}"] for name in ("LockOrder", "UpdPriceInfo", "ReleaseOrder")] == [1, 1, 1]


def test_line_that_costs_nothing_is_left_where_the_discount_counts(common: Story) -> None:
    sell_gift(common, price="0.00", takes_discounts=True)
    with_gift(common, price="0.00")
    common.go_on()

    assert gift_of(common)["line_amount"] == "0.00"
    assert "OIS100MI/UpdPriceInfo" not in common.sandbox.m3_book()["calls"]


@pytest.mark.parametrize(
    "fault", ["drop_before_commit", "drop_after_commit", "http_503", "lock", "terminate", "late_answer"]
)
def test_price_that_goes_wrong_once_is_set_all_the_same(common: Story, fault: str) -> None:
    sell_gift(common, price="0.00")
    common.m3_fault("OIS100MI/UpdPriceInfo", fault)
    with_gift(common, price="0.00")
    common.go_on_late()

    (held,) = common.orders()
    assert (gift_of(common)["line_amount"], held["held"], common.exchange()["state"]) == ("0.00", False, "done")


def test_price_that_m3_refuses_leaves_the_order_locked_for_a_person(common: Story) -> None:
    sell_gift(common, price="0.00")
    common.m3_fault("OIS100MI/UpdPriceInfo", "nok", times=9)
    with_gift(common, price="0.00")
    common.go_on()

    (held,) = common.orders()
    assert (held["held"], common.exchange()["reason_code"]) == (True, "amounts_differ")
    assert "25.80" in common.exchange()["reason"]


def test_price_a_person_gave_a_gift_that_waits_for_one_is_not_overwritten_on_release(common: Story) -> None:
    sell_gift(common, price="0.00")
    common.m3_fault("OIS100MI/UpdPriceInfo", "nok")
    with_gift(common, price="0.00")
    common.go_on()
    set_price(common, "5.00")
    common.release(common.exchange()["id"])
    common.go_on()

    told = common.exchange()
    assert (told["state"], told["reason_code"], gift_of(common)["line_amount"]) == (
        *("dead_letter", "amounts_differ"),
        "10.00",
    )
    assert "sent 0.00, M3 has 10.00" in told["reason"]


def set_price(story: Story, price: str) -> None:
    """Has a person in M3 give the gift a price."""
    change_gift(story, {"SAPR": price})


def change_gift(story: Story, fields: dict[str, str]) -> None:
    """Has a person in M3 change price or discounts of the gift."""
    (held,) = story.orders()
    (line,) = [one for one in held["lines"] if one["itno"] == GIFT]
    call = order_changes.change_price(held["orno"], LineKey(str(line["ponr"])), fields)
    story.connector.process.runtime.store(STORE).m3.write([call])


def gift_line(story: Story, *, subtotal: str) -> dict[str, Any]:
    products = story.sandbox.shop_book()["products"]
    product = next(one["id"] for one in products if one["sku"] == GIFT)
    return {"product_id": product, "quantity": 2, "subtotal": subtotal, "total": "0.00"}


@pytest.mark.parametrize("subtotal", ["0.00", "25.80"])
@pytest.mark.parametrize("fault", [None, "drop_after_commit", "late_answer"])
def test_gift_that_is_added_to_a_posted_order_is_put_right(common: Story, subtotal: str, fault: str | None) -> None:
    desk = Desk(common)
    sell_gift(common, price="12.90")
    if fault is not None:
        common.m3_fault("OIS100MI/AddLineBatchEnt", fault)
    desk.order = common.change(desk.order, line_items=[gift_line(common, subtotal=subtotal)])
    common.go_on_late()

    assert desk.shop_and_m3_differ() == []
    assert gift_of(common)["line_amount"] == "0.00"


@pytest.mark.parametrize("subtotal", ["0.00", "25.80"])
def test_price_a_person_gave_a_gift_while_it_was_added_is_shown_and_not_overwritten(
    common: Story, subtotal: str
) -> None:
    desk = Desk(common)
    sell_gift(common, price="12.90")
    common.m3_fault("OIS100MI/AddLineBatchEnt", "drop_after_commit")
    desk.order = common.change(desk.order, line_items=[gift_line(common, subtotal=subtotal)])
    common.connector.drain()
    set_price(common, "5.00")
    common.go_on()

    told = common.exchange()
    assert (told["state"], told["reason_code"], gift_of(common)["line_amount"]) == (
        *("dead_letter", "needs_person"),
        "10.00",
    )
    assert "line 3: 2 for 10.00 instead of 2 for 0" in told["reason"]


def test_own_price_that_m3_does_not_tell_is_left_to_a_person(common: Story) -> None:
    desk = Desk(common)
    sell_gift(common, price="12.90")
    common.m3_fault("OIS320MI/GetPriceLine", "nok", times=9)
    desk.change(line_items=[gift_line(common, subtotal="0.00")])

    assert "line 3: 2 for 25.80 instead of 2 for 0.00; M3 does not tell its own price (" in common.exchange()["reason"]
    assert gift_of(common)["line_amount"] == "25.80"


def test_order_whose_own_price_m3_does_not_tell_is_left_to_a_person_who_is_told_why(common: Story) -> None:
    sell_gift(common, price="0.00")
    common.m3_fault("OIS320MI/GetPriceLine", "nok", times=9)
    with_gift(common, price="0.00")
    common.go_on()

    told = common.exchange()
    assert (told["reason_code"], gift_of(common)["line_amount"]) == ("amounts_differ", "25.80")
    assert "sent 0.00, M3 has 25.80; M3 does not tell its own price (" in told["reason"]


def test_discount_a_person_gave_a_gift_at_the_price_sent_is_not_set_to_nothing(common: Story) -> None:
    sell_gift(common, price="12.90")
    common.m3_fault("OIS100MI/UpdPriceInfo", "nok")
    with_gift(common, price="12.90")
    common.go_on()
    common.sandbox.post(f"{common.sandbox.m3_url}/_control/items", [{"itno": GIFT, "takes_discounts": True}])
    change_gift(common, {**{f"{kind}{place}": "0" for kind in ("DIA", "DIP") for place in range(1, 7)}, "DIP1": "10"})
    common.release(common.exchange()["id"])
    common.go_on()

    told = common.exchange()
    assert (told["state"], gift_of(common)["line_amount"]) == ("dead_letter", "23.22")
    assert "sent 0.00, M3 has 23.22" in told["reason"]


def test_m3_is_asked_for_its_own_price_on_the_lines_day_with_the_heads_price_list_table_and_discount_model() -> None:
    record = {"PONR": "1", "ITNO": GIFT, "ORQT": "2", "ORQA": "2", "ALUN": "PCE", "DWDT": "20261205"}
    (line,) = ois100mi.read_lines(Answer(ois100mi.list_lines("0010000001"), (record,)))
    head = {"CUNO": "C1", "ORDT": "20261130", "PLTB": "WEB", "DISY": "NONE"}

    asked = ois320mi.get_price_line(head, line).fields

    assert {name: asked[name] for name in ("ORDT", "DWDT", "PLTB", "DISY")} == {
        **{"ORDT": "20261130", "DWDT": "20261205"},
        **{"PLTB": "WEB", "DISY": "NONE"},
    }


def test_price_a_person_gave_a_gift_in_m3_is_shown_and_not_overwritten(common: Story) -> None:
    sell_gift(common, price="0.00")
    order = with_gift(common, price="0.00")
    common.go_on()
    set_price(common, "5.00")
    common.change(order, fee_lines=[{"name": "Gift wrap", "total": "4.00"}])
    common.go_on()

    assert common.exchange()["state"] == "dead_letter"
    assert "line 2 (CUPO 2): 10.00 instead of 0.00" in common.exchange()["reason"]
    assert gift_of(common)["line_amount"] == "10.00"
