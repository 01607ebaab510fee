"""What M3 invoiced, told by its invoices, is what can be given back: after parts, short deliveries, other prices, roundings."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from connector.m3.calls import Answer
from connector.m3.programs import order_changes
from connector.m3.programs.ois100mi import LineKey
from tests.integration.flows.other_answers import altered
from tests.integration.flows.reconciling.clerk import Clerk
from tests.integration.flows.refunds.desk import MUG, OTHER_MUG
from tests.integration.flows.refunds.test_ceiling import credited, invoice, posted, refund_waits


def one_piece(ponr: int, quantity: int = 1) -> dict[str, Any]:
    return {"ponr": ponr, "quantity": str(quantity)}


def delivered_short(clerk: Clerk, *, counts_undelivered: bool) -> dict[str, Any]:
    """Two of three mugs leave and the third is ended, in an M3 that counts it in the order's value, or not."""
    clerk.sandbox.m3_faults(counts_undelivered=counts_undelivered)
    order = posted(clerk)
    clerk.advance(order, "66", one_piece(1, 2))
    clerk.close_rest(order, 1)
    invoice(clerk, order)
    return order


@pytest.mark.parametrize("counts_undelivered", [True, False])
def test_piece_that_m3_never_delivered_is_held_and_what_came_back_is_credited(
    clerk: Clerk, counts_undelivered: bool
) -> None:
    order = delivered_short(clerk, counts_undelivered=counts_undelivered)

    clerk.give_back(order, OTHER_MUG, 1)
    clerk.go_on()
    clerk.give_back(order, MUG, 1)
    clerk.go_on()

    assert credited(clerk) == ["-12.49"]
    assert refund_waits(
        clerk, says="M3 has invoiced 51.00 and credited 12.49 of it; the shop sold 67.12, and keeps 38.51"
    )


@pytest.mark.parametrize("counts_undelivered", [True, False])
def test_all_of_the_money_is_not_given_back_of_an_order_that_was_delivered_short(
    clerk: Clerk, counts_undelivered: bool
) -> None:
    order = delivered_short(clerk, counts_undelivered=counts_undelivered)

    clerk.refund(order, order["total"])
    clerk.go_on()

    assert credited(clerk) == []
    assert refund_waits(clerk, says="M3 has invoiced 51.00")


def test_first_invoice_is_given_back_while_the_rest_is_still_to_come(clerk: Clerk) -> None:
    order = posted(clerk)
    clerk.advance(order, "77", {"ponr": 1})

    clerk.give_back(order, MUG, 1)
    clerk.go_on()
    early = credited(clerk)
    invoice(clerk, order)
    clerk.give_back(order, OTHER_MUG, 1)
    clerk.give_back(order, MUG, 2)
    clerk.refund(order, "6.25")
    clerk.pass_and_settle()

    assert early == ["-16.12"]
    assert credited(clerk) == ["-16.12", "-12.49", "-32.25", "-6.25"]
    assert [one["state"] for one in clerk.refunds()] == ["done"] * 4


def test_price_that_a_person_raised_after_the_first_invoice_counts_for_the_second_alone(clerk: Clerk) -> None:
    order = posted(clerk)
    clerk.price(order, "5.00")
    clerk.advance(order, "77", one_piece(1, 2))
    clerk.price(order, "12.90")  # now the order itself is worth 67.12 again
    invoice(clerk, order)

    clerk.refund(order, order["total"])
    clerk.go_on()

    assert credited(clerk) == []
    assert refund_waits(clerk, says="M3 has invoiced 47.37")


def test_line_that_a_person_ended_holds_up_no_refund_of_another(clerk: Clerk) -> None:
    order = posted(clerk)
    clerk.in_m3(order_changes.close_line(clerk.number_of(order), LineKey("2"), reason=""))
    invoice(clerk, order)

    clerk.give_back(order, MUG, 2)
    clerk.go_on()
    first = credited(clerk)
    clerk.refund(order, "12.49")  # may be for what was never delivered
    clerk.go_on()

    assert first == ["-32.25"]
    assert refund_waits(clerk, says="M3 has invoiced 54.64 and credited 32.25")


def test_cents_that_each_invoice_rounds_anew_hold_up_no_refund(clerk: Clerk) -> None:
    order = clerk.place(lines=[{"sku": "SKU-0010", "quantity": 14}], shipping_total="0")
    row = {"id": order["line_items"][0]["id"], "quantity": 14, "total": "1.26", "subtotal": "1.26"}
    order = clerk.change(order, line_items=[row])
    clerk.go_on()
    for _ in range(14):
        clerk.advance(order, "77", one_piece(1))
    clerk.pass_and_settle()
    invoiced = sum(Decimal(one["total"]) for one in clerk.sandbox.m3_book()["order_invoices"])

    clerk.refund(order, order["total"])
    clerk.go_on()

    assert (order["total"], str(invoiced)) == ("1.32", "1.26")
    assert credited(clerk) == ["-1.32"]


def test_refund_in_dollars_is_held_against_invoices_in_dollars(clerk: Clerk) -> None:
    order = clerk.place(currency="USD")
    clerk.go_on()
    clerk.in_m3(order_changes.change_quantity(clerk.number_of(order), LineKey("1"), quantity=Decimal(2)))
    invoice(clerk, order)
    (billed,) = clerk.sandbox.m3_book()["order_invoices"]

    clerk.give_back(order, OTHER_MUG, 1)
    clerk.go_on()
    clerk.give_back(order, MUG, 1)
    clerk.go_on()

    (back,) = clerk.returns()
    assert (billed["cucd"], back["cucd"]) == ("USD", "USD")
    assert refund_waits(clerk, says=f"M3 has invoiced {billed['total']} and credited {back['total'][1:]} of it")


@pytest.mark.parametrize(
    ("operation", "change", "says"),
    [
        ("invoice.amounts", {"CUCD": "HRK"}, "is in HRK, and the order in EUR"),
        ("invoice.by_order", {"AICD": "1"}, "is a summary invoice"),
    ],
)
def test_invoices_that_do_not_tell_what_was_invoiced_of_the_order_are_a_persons(
    clerk: Clerk, monkeypatch: pytest.MonkeyPatch, operation: str, change: dict[str, str], says: str
) -> None:
    order = posted(clerk)
    invoice(clerk, order)
    altered(monkeypatch, clerk.connector, lambda answer: changed(answer, operation, change))

    clerk.give_back(order, OTHER_MUG, 1)
    clerk.go_on()

    assert refund_waits(clerk, says=says)


def test_refund_waits_until_m3_tells_the_amount_of_each_invoice(clerk: Clerk, monkeypatch: pytest.MonkeyPatch) -> None:
    order = posted(clerk)
    invoice(clerk, order)
    with monkeypatch.context() as meanwhile:
        altered(
            meanwhile, clerk.connector, lambda one: emptied(one) if one.call.operation == "invoice.amounts" else one
        )
        clerk.give_back(order, OTHER_MUG, 1)
        clerk.go_on()
        (waiting,) = clerk.refunds()

    clerk.pass_and_settle()

    (told,) = clerk.sandbox.m3_book()["order_invoices"]
    assert (waiting["state"], waiting["blocked_kind"]) == ("blocked", "invoice")
    assert f"({told['exin']}) and does not tell the amount of each (OIS350MI/LstAllInvByCO)" in waiting["reason"]
    assert credited(clerk) == ["-12.49"]


def test_a_refund_asks_m3_no_more_often_than_the_lines_and_the_invoices(clerk: Clerk) -> None:
    order = posted(clerk)
    invoice(clerk, order)
    clerk.give_back(order, MUG, 1)
    clerk.go_on()
    before = clerk.sandbox.m3_book()

    clerk.give_back(order, MUG, 1)
    clerk.go_on()

    after = clerk.sandbox.m3_book()
    asked = {name: after["calls"][name] - before["calls"].get(name, 0) for name in after["calls"]}
    assert (asked["OIS350MI/LstInvHeadByCo"], asked["OIS350MI/LstAllInvByCO"]) == (1, 1)
    assert after["http_calls"] - before["http_calls"] == 10


def changed(answer: Answer, operation: str, change: dict[str, str]) -> Answer:
    """Returns an answer of one operation with other values."""
    if answer.call.operation != operation:
        return answer
    return replace(answer, records=tuple({**record, **change} for record in answer.records))


def emptied(answer: Answer) -> Answer:
    """Returns an answer without rows."""
    return replace(answer, records=())
