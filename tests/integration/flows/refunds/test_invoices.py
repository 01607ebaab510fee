"""A return names the invoice its goods were on; goods of two invoices come back on two returns."""

from __future__ import annotations

from typing import Any

from tests.integration.flows.refunds.desk import MUG, OTHER_MUG, Desk, part_of


def invoiced_apart(
    desk: Desk, first: list[dict[str, Any]], **order: Any
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Has M3 deliver and invoice some of an order, then the rest; returns the order and the invoices, oldest first."""
    placed = desk.place(**order)
    desk.go_on()
    desk.advance(placed, "77", *first)
    desk.advance(placed, "77")
    return placed, desk.sandbox.m3_book()["order_invoices"]


def told_of(desk: Desk) -> list[tuple[str, str, str]]:
    return [(one["head"]["OIVR"], one["lines"][0]["itno"], one["lines"][0]["quantity"]) for one in desk.returns()]


def test_return_names_the_invoice_the_goods_were_on_not_the_newest(desk: Desk) -> None:
    order, (first, second) = invoiced_apart(desk, [{"ponr": 1}])
    desk.give_back(order, MUG, 1)
    desk.give_back(order, OTHER_MUG, 1)

    desk.go_on()

    assert told_of(desk) == [(first["exin"], "MUG-001", "-1"), (second["exin"], "MUG-002", "-1")]


def test_goods_of_two_invoices_come_back_on_two_returns(desk: Desk) -> None:
    order, (first, second) = invoiced_apart(desk, [{"ponr": 1}])
    lines = [part_of(order["line_items"][MUG], 1), part_of(order["line_items"][OTHER_MUG], 1)]
    refund = desk.refund(order, line_items=lines, api_restock=False)

    desk.go_on()

    amount = next(one["amount"] for one in desk.sandbox.shop_book()["refunds"] if one["id"] == refund)
    totals = [float(one["total"]) for one in desk.returns()]
    assert told_of(desk) == [(first["exin"], "MUG-001", "-1"), (second["exin"], "MUG-002", "-1")]
    assert round(sum(totals), 2) == -float(amount)
    assert [one["state"] for one in desk.refunds()] == ["done", "done"]


def test_pieces_of_one_line_come_back_of_the_invoices_that_have_them(desk: Desk) -> None:
    order, (first, second) = invoiced_apart(desk, [{"ponr": 1, "quantity": "2"}])
    desk.give_back(order, MUG, 1)
    desk.go_on()
    desk.give_back(order, MUG, 2)

    desk.go_on()

    assert told_of(desk) == [
        (first["exin"], "MUG-001", "-1"),
        (first["exin"], "MUG-001", "-1"),
        (second["exin"], "MUG-001", "-1"),
    ]
    sold, back = float(order["line_items"][MUG]["total"]), [float(one["net"]) for one in desk.returns()]
    assert round(sum(back), 2) == -sold


def test_all_pieces_go_to_one_invoice_that_has_them(desk: Desk) -> None:
    order, (_, second) = invoiced_apart(desk, [{"ponr": 1, "quantity": "1"}])
    desk.give_back(order, MUG, 2)

    desk.go_on()

    assert told_of(desk) == [(second["exin"], "MUG-001", "-2")]


def test_freight_alone_comes_back_of_the_first_invoice(desk: Desk) -> None:
    order, (first, _) = invoiced_apart(desk, [{"ponr": 1}])
    shipping = order["shipping_lines"][0]
    taxes = [{"id": tax["id"], "refund_total": float(tax["total"])} for tax in shipping["taxes"]]
    part = {"id": shipping["id"], "quantity": 0, "refund_total": float(shipping["total"]), "refund_tax": taxes}
    desk.refund(order, line_items=[part], api_restock=False)

    desk.go_on()

    assert [one["head"]["OIVR"] for one in desk.returns()] == [first["exin"]]


def test_second_part_is_carried_once_and_the_poll_takes_it_for_no_other_refund(desk: Desk) -> None:
    order, _ = invoiced_apart(desk, [{"ponr": 1}])
    lines = [part_of(order["line_items"][MUG], 1), part_of(order["line_items"][OTHER_MUG], 1)]
    desk.refund(order, line_items=lines, api_restock=False)
    desk.go_on()

    desk.connector.ask(order["id"])
    desk.go_on()
    desk.poll()
    desk.go_on()

    assert len(desk.returns()) == 2
    assert [one["state"] for one in desk.refunds()] == ["done", "done"]


def test_every_return_of_a_refund_that_was_deleted_waits_for_a_person(desk: Desk) -> None:
    order, _ = invoiced_apart(desk, [{"ponr": 1}])
    lines = [part_of(order["line_items"][MUG], 1), part_of(order["line_items"][OTHER_MUG], 1)]
    refund = desk.refund(order, line_items=lines, api_restock=False)
    desk.go_on()

    desk.delete(order, refund)
    desk.poll()
    desk.go_on()

    waiting = {one["orno"]: row for one, row in zip(desk.returns(), desk.refunds(), strict=True)}
    assert len(waiting) == 2
    assert all(row["state"] == "dead_letter" and orno in row["reason"] for orno, row in waiting.items())
    assert desk.poll() == 0
