"""A refund of an invoiced order becomes one return or credit order in M3, to the cent."""

from __future__ import annotations

from tests.integration.flows.refunds.desk import MUG, Desk
from tests.integration.flows.story import quick_store


def test_goods_given_back_become_a_return_of_the_invoice(desk: Desk) -> None:
    order = desk.invoiced()
    refund = desk.give_back(order, MUG, 1, reason="Broken")

    desk.go_on()

    (back,) = desk.returns()
    (line,) = back["lines"]
    invoice = desk.sandbox.m3_book()["order_invoices"][0]
    amount = next(one["amount"] for one in desk.sandbox.shop_book()["refunds"] if one["id"] == refund)
    assert (back["ortp"], line["itno"], line["quantity"], line["line_amount"]) == ("W02", "MUG-001", "-1", "-12.90")
    assert back["total"] == f"-{amount}"
    assert (back["head"]["OIVR"], back["head"]["OYEA"]) == (invoice["exin"], invoice["yea4"])
    assert back["cuno"] == desk.order_of(order)["cuno"]
    assert back["texts"] == [desk.order_of(order)["orno"], str(refund), "Broken"]
    assert [one["state"] for one in desk.refunds()] == ["done"]


def test_money_without_goods_is_split_over_the_rates_of_what_was_sold(desk: Desk) -> None:
    lines = [{"sku": "MUG-001", "quantity": 1}, {"sku": "SKU-0010", "quantity": 1}]
    order = desk.invoiced(lines=lines)
    desk.refund(order, "7.77")

    desk.go_on()

    (back,) = desk.returns()
    assert back["ortp"] == "W03"
    assert {line["itno"] for line in back["lines"]} == {"CREDIT25", "CREDIT05"}
    assert back["total"] == "-7.77"


def test_lines_with_goods_and_lines_with_money_alone_bear_their_own_reason_code(desk: Desk) -> None:
    desk.connector.configure(quick_store(guests="common", return_reason="R10", credit_reason="C20"))
    order = desk.invoiced()
    desk.give_back(order, MUG, 1)
    desk.go_on()
    desk.refund(order, "5.00")
    desk.go_on()

    goods, money = desk.returns()
    assert {line["reason"] for line in goods["lines"]} == {"R10"}
    assert {line["reason"] for line in money["lines"]} == {"C20"}


def test_shipping_given_back_with_goods_is_a_negative_head_charge(desk: Desk) -> None:
    order = desk.invoiced()
    shipping = order["shipping_lines"][0]
    part = {
        "id": shipping["id"],
        "quantity": 0,
        "refund_total": float(shipping["total"]),
        "refund_tax": [{"id": tax["id"], "refund_total": float(tax["total"])} for tax in shipping["taxes"]],
    }
    mug = order["line_items"][MUG]
    whole = {
        "id": mug["id"],
        "quantity": mug["quantity"],
        "refund_total": float(mug["total"]),
        "refund_tax": [{"id": tax["id"], "refund_total": float(tax["total"])} for tax in mug["taxes"]],
    }
    desk.refund(order, line_items=[whole, part], api_restock=False)

    desk.go_on()

    (back,) = desk.returns()
    assert [one["amount"] for one in back["charges"] if one["crid"].startswith("SH")] == [f"-{shipping['total']}"]
    assert [one["state"] for one in desk.refunds()] == ["done"]


def test_refund_comes_once_however_often_it_is_told(desk: Desk) -> None:
    order = desk.invoiced()
    desk.give_back(order, MUG, 1)
    desk.go_on()

    desk.connector.ask(order["id"])
    desk.go_on()
    desk.connector.poll()
    desk.go_on()

    assert len(desk.returns()) == 1


def test_whole_order_in_pieces_never_credits_more_than_was_sold(desk: Desk) -> None:
    order = desk.invoiced()
    desk.give_back(order, MUG, 1)
    desk.refund(order, "5.00")
    desk.go_on()
    left = sum(map(float, [order["total"]])) - sum(float(one["amount"]) for one in desk.sandbox.shop_book()["refunds"])
    desk.refund(order, f"{left:.2f}")

    desk.go_on()

    totals = [one["total"] for one in desk.returns()]
    assert round(sum(map(float, totals)), 2) == -float(order["total"])
    assert desk.sandbox.shop_book()["orders"][0]["status"] == "refunded"
    assert {one["state"] for one in desk.refunds()} == {"done"}


def test_restock_decides_the_location_and_never_the_money(desk: Desk) -> None:
    desk.connector.configure(quick_store(guests="common", restocked_location="MAIN", other_location="QUAR"))
    order = desk.invoiced()
    desk.give_back(order, MUG, 1, restock=False)
    desk.go_on()
    desk.give_back(order, MUG, 1, restock=True)
    desk.go_on()

    places = [one["lines"][0]["location"] for one in desk.returns()]
    assert places == ["QUAR", "MAIN"]
    assert len({one["total"] for one in desk.returns()}) == 1
