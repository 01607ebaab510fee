"""A refund of what M3 has not picked makes the order smaller there; what is picked comes back once it is invoiced."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from connector.ledger.people import discard
from connector.ledger.session import transaction
from connector.m3.programs import order_changes
from connector.m3.programs.ois100mi import LineKey
from tests.integration.flows.refunds.desk import MUG, OTHER_MUG, Desk, part_of
from tests.integration.flows.story import quick_store, tax_sent


def posted(desk: Desk, **order: Any) -> dict[str, Any]:
    placed = desk.place(**order)
    desk.go_on()
    return placed


def pieces(desk: Desk, order: dict[str, Any]) -> dict[str, str]:
    return {line["itno"]: line["quantity"] for line in desk.order_of(order)["lines"]}


def freight_of(order: dict[str, Any]) -> dict[str, Any]:
    shipping = order["shipping_lines"][0]
    taxes = [{"id": tax["id"], "refund_total": float(tax["total"])} for tax in shipping["taxes"]]
    return {"id": shipping["id"], "quantity": 0, "refund_total": float(shipping["total"]), "refund_tax": taxes}


def left_in_shop(desk: Desk, order: dict[str, Any]) -> Decimal:
    """What the shop's buyer has paid and not got back."""
    row = next(one for one in desk.sandbox.shop_book()["orders"] if one["id"] == order["id"])
    return Decimal(row["total"]) - sum(Decimal(one["amount"]) for one in desk.sandbox.shop_book()["refunds"])


def left_in_m3(desk: Desk, order: dict[str, Any]) -> Decimal:
    return Decimal(desk.order_of(order)["total"]) + sum(Decimal(one["total"]) for one in desk.returns())


def all_done(desk: Desk) -> bool:
    rows = desk.connector.rows("SELECT state FROM exchange")
    return {row["state"] for row in rows} == {"done"} and not desk.batch_orders()


def test_goods_given_back_before_picking_are_taken_off_the_order(desk: Desk) -> None:
    order = posted(desk)
    desk.give_back(order, MUG, 1)

    desk.go_on()

    held = desk.order_of(order)
    assert pieces(desk, order) == {"MUG-001": "2", "MUG-002": "1"}
    assert (Decimal(held["total"]), held["held"]) == (left_in_shop(desk, order), False)
    assert desk.returns() == []
    assert all_done(desk)


def test_line_given_back_whole_is_closed_and_stays_as_a_trace(desk: Desk) -> None:
    order = posted(desk)
    desk.give_back(order, OTHER_MUG, 1)

    desk.go_on()

    assert pieces(desk, order) == {"MUG-001": "3"}
    assert [line["itno"] for line in desk.order_of(order)["closed_lines"]] == ["MUG-002"]
    assert left_in_m3(desk, order) == left_in_shop(desk, order)


def test_freight_given_back_with_goods_is_taken_off_its_charge(desk: Desk) -> None:
    order = posted(desk)
    desk.refund(order, line_items=[part_of(order["line_items"][MUG], 1), freight_of(order)], api_restock=False)

    desk.go_on()

    assert [one for one in desk.order_of(order)["charges"] if one["crid"].startswith("SH")] == []
    assert left_in_m3(desk, order) == left_in_shop(desk, order)
    assert all_done(desk)


def test_order_refunded_as_a_whole_before_picking_is_closed(desk: Desk) -> None:
    order = posted(desk)
    desk.change(order, status="refunded")

    desk.go_on()

    held = desk.order_of(order)
    assert (held["lines"], held["charges"], held["held"]) == ([], [], False)
    assert len(held["closed_lines"]) == 2
    assert desk.returns() == []
    assert all_done(desk)


def test_money_given_back_earlier_has_nothing_to_credit_once_the_order_is_closed(desk: Desk) -> None:
    order = posted(desk)
    desk.refund(order, "5.00")
    desk.go_on()
    waiting = desk.refunds()[0]
    desk.change(order, status="refunded")
    desk.go_on()

    desk.pass_and_settle()

    assert (waiting["state"], waiting["blocked_kind"]) == ("blocked", "invoice")
    assert desk.order_of(order)["lines"] == desk.returns() == []
    assert all_done(desk)


def test_refunds_one_after_another_take_their_pieces_off(desk: Desk) -> None:
    order = posted(desk)
    desk.give_back(order, MUG, 1)
    desk.give_back(order, MUG, 1)

    desk.go_on()

    assert pieces(desk, order) == {"MUG-001": "1", "MUG-002": "1"}
    assert left_in_m3(desk, order) == left_in_shop(desk, order)
    assert all_done(desk)


def test_what_is_picked_comes_back_once_it_is_invoiced_and_the_rest_is_taken_off(desk: Desk) -> None:
    order = posted(desk)
    desk.advance(order, "44", {"ponr": 1})
    lines = [part_of(order["line_items"][MUG], 2), part_of(order["line_items"][OTHER_MUG], 1)]
    desk.refund(order, line_items=lines, api_restock=False)
    desk.go_on()
    waiting, held = desk.refunds()[0], pieces(desk, order)
    desk.advance(order, "77")

    desk.pass_and_settle()

    (back,) = desk.returns()
    assert (waiting["state"], waiting["blocked_kind"], held) == ("blocked", "invoice", {"MUG-001": "3"})
    assert [(line["itno"], line["quantity"]) for line in back["lines"]] == [("MUG-001", "-2")]
    assert left_in_m3(desk, order) == left_in_shop(desk, order)
    assert all_done(desk)


def test_order_picked_before_it_was_made_smaller_is_given_back_by_a_return(desk: Desk) -> None:
    order = posted(desk)
    desk.give_back(order, MUG, 1)
    told = desk.connector.rows("SELECT id FROM exchange WHERE flow = 'orders_to_m3'")[0]["id"]
    desk.connector.run(told)
    desk.connector.run(desk.refunds()[0]["id"])  # has the order made smaller
    desk.advance(order, "44")
    desk.go_on()
    order_then = desk.exchange()["state"]
    desk.pass_and_settle()
    desk.advance(order, "77")

    desk.pass_and_settle()

    assert order_then == "dead_letter"  # until the refund takes back what cannot be done
    assert pieces(desk, order) == {"MUG-001": "3", "MUG-002": "1"}
    assert [one["lines"][0]["quantity"] for one in desk.returns()] == ["-1"]
    assert all_done(desk)


def test_order_edited_after_a_refund_keeps_what_was_taken_off(desk: Desk) -> None:
    order = posted(desk)
    desk.give_back(order, MUG, 1)
    desk.go_on()

    desk.change(order, line_items=[{"sku": "PAN-28", "quantity": 1}])
    desk.go_on()

    assert pieces(desk, order) == {"MUG-001": "2", "MUG-002": "1", "PAN-28": "1"}
    assert left_in_m3(desk, order) == left_in_shop(desk, order)
    assert all_done(desk)


def test_refund_deleted_in_the_shop_brings_the_order_back(desk: Desk) -> None:
    order = posted(desk)
    refund = desk.give_back(order, MUG, 1)
    desk.go_on()
    smaller = pieces(desk, order)
    desk.delete(order, refund)

    desk.poll()
    desk.go_on()

    assert (smaller["MUG-001"], pieces(desk, order)["MUG-001"]) == ("2", "3")
    assert desk.order_of(order)["total"] == order["total"]
    assert all_done(desk)


def test_refund_deleted_before_the_order_was_made_smaller_leaves_it(desk: Desk) -> None:
    order = posted(desk)
    refund = desk.give_back(order, MUG, 1)
    desk.connector.run(desk.connector.rows("SELECT id FROM exchange WHERE flow = 'orders_to_m3'")[0]["id"])
    desk.connector.run(desk.refunds()[0]["id"])
    desk.delete(order, refund)

    desk.poll()
    desk.go_on()

    assert desk.order_of(order)["total"] == order["total"]
    assert all_done(desk)


def test_money_alone_waits_for_the_invoice(desk: Desk) -> None:
    order = posted(desk)
    desk.refund(order, "5.00")

    desk.go_on()

    assert [(one["state"], one["blocked_kind"]) for one in desk.refunds()] == [("blocked", "invoice")]
    assert desk.order_of(order)["total"] == order["total"]


def test_money_alone_is_a_negative_charge_where_the_store_says_so(desk: Desk) -> None:
    desk.connector.configure(quick_store(guests="common", before_invoice="charge"))
    order = posted(desk)
    desk.refund(order, "5.00")

    desk.go_on()

    assert [one["amount"] for one in desk.order_of(order)["charges"] if one["crid"] == "FEE25"] == ["-4.00"]
    assert Decimal(desk.order_of(order)["total"]) == left_in_shop(desk, order)
    assert all_done(desk)


def test_goods_given_back_but_not_their_freight_wait_for_a_person(desk: Desk) -> None:
    order = posted(desk)
    lines = [part_of(order["line_items"][MUG], 3), part_of(order["line_items"][OTHER_MUG], 1)]
    desk.refund(order, line_items=lines, api_restock=False)

    desk.go_on()

    (refund,) = desk.refunds()
    assert (refund["state"], refund["reason_code"]) == ("dead_letter", "needs_person")
    assert desk.order_of(order)["total"] == order["total"]


def test_store_whose_orders_are_changed_by_people_asks_one_who_sees_both_sides(desk: Desk) -> None:
    desk.connector.configure(quick_store(guests="common").replace("changes: apply ", "changes: person "))
    order = posted(desk)
    desk.give_back(order, MUG, 1)

    desk.go_on()

    (refund,) = desk.refunds()
    (audit,) = desk.connector.rows("SELECT before, after FROM audit WHERE action = 'refund before picking'")
    line = str(order["line_items"][MUG]["id"])
    assert refund["state"] == "dead_letter"
    assert (audit["before"][line]["quantity"], audit["after"][line]["quantity"]) == ("3", "1")


def test_order_taxed_by_charges_is_made_smaller_with_its_tax(desk: Desk) -> None:
    desk.connector.configure(tax_sent())
    order = posted(desk)
    desk.give_back(order, MUG, 1)

    desk.go_on()

    assert pieces(desk, order) == {"MUG-001": "2", "MUG-002": "1"}
    assert left_in_m3(desk, order) == left_in_shop(desk, order)
    assert all_done(desk)


def test_order_a_person_has_settled_is_not_made_smaller_by_the_connector(desk: Desk) -> None:
    order = posted(desk)
    desk.change(order, billing={**order["billing"], "address_1": "Vlaška 7"})
    desk.go_on()
    with transaction(desk.connector.engine) as connection:
        discard(connection, desk.exchange()["id"], who="test", why="done by hand")
    desk.give_back(order, MUG, 1)

    desk.go_on()

    (refund,) = desk.refunds()
    assert (refund["state"], refund["reason_code"]) == ("dead_letter", "needs_person")
    assert pieces(desk, order) == {"MUG-001": "3", "MUG-002": "1"}


def test_line_that_a_person_made_smaller_in_m3_is_not_made_smaller_twice(desk: Desk) -> None:
    order = posted(desk)
    held = desk.order_of(order)
    m3 = desk.connector.process.runtime.store("w1").m3
    m3.write([order_changes.change_quantity(held["orno"], LineKey("1"), quantity=Decimal(2))])[0].require()
    desk.give_back(order, MUG, 1)

    desk.go_on()

    assert pieces(desk, order) == {"MUG-001": "2", "MUG-002": "1"}
    assert all_done(desk)
