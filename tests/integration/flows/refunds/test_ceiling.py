"""M3 invoiced less than the shop sold: no return takes back what it never invoiced, and a person sees both sides."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
import yaml

from connector.m3.programs import order_changes
from connector.m3.programs.ois100mi import LineKey
from tests.integration.flows.reconciling.clerk import Clerk
from tests.integration.flows.refunds.desk import MUG, OTHER_MUG, part_of
from tests.integration.flows.story import quick_store


def posted(clerk: Clerk) -> dict[str, Any]:
    """Three mugs for 38.70 and one for 9.99, with shipping 67.12, in M3."""
    order = clerk.place()
    clerk.go_on()
    return order


def invoice(clerk: Clerk, order: dict[str, Any]) -> None:
    clerk.advance(order, "77")
    clerk.pass_and_settle()


def edit(clerk: Clerk, order: dict[str, Any], *, mugs: int, total: str) -> dict[str, Any]:
    row = {"id": order["line_items"][MUG]["id"], "quantity": mugs, "total": total, "subtotal": total}
    changed: dict[str, Any] = clerk.change(order, line_items=[row])
    clerk.go_on()
    return changed


def refund_waits(clerk: Clerk, *, says: str) -> bool:
    """Tells whether the newest refund is a person's, credited nothing, and says so."""
    refund = clerk.refunds()[-1]
    assert (refund["state"], refund["reason_code"], clerk.batch_orders()) == ("dead_letter", "needs_person", []), refund
    assert says in refund["reason"], refund["reason"]
    return True


def credited(clerk: Clerk) -> list[str]:
    return [one["total"] for one in clerk.returns()]


def test_a_piece_that_a_person_took_off_in_m3_is_not_given_back_twice(clerk: Clerk) -> None:
    order = posted(clerk)
    number = clerk.number_of(order)
    clerk.in_m3(order_changes.change_quantity(number, LineKey("1"), quantity=Decimal(2)))
    invoice(clerk, order)

    clerk.give_back(order, MUG, 1)
    clerk.go_on()

    assert refund_waits(clerk, says="M3 has invoiced 51.00 and credited 0 of it; the shop sold 67.12, and keeps 51.00")
    assert credited(clerk) == []


def test_no_more_is_credited_than_a_person_left_of_the_price_in_m3(clerk: Clerk) -> None:
    order = posted(clerk)
    clerk.price(order, "5.00")
    invoice(clerk, order)

    clerk.refund(order, order["total"])
    clerk.go_on()

    assert refund_waits(clerk, says="M3 has invoiced 37.50")
    assert credited(clerk) == []


@pytest.mark.parametrize("is_discarded", [False, True])
@pytest.mark.parametrize(("mugs", "total", "back"), [(5, "64.50", 5), (5, "64.50", 2), (3, "90.00", 3)])
def test_what_the_shop_added_after_the_invoice_is_not_credited(
    clerk: Clerk, mugs: int, total: str, back: int, is_discarded: bool
) -> None:
    order = posted(clerk)
    invoice(clerk, order)
    changed = edit(clerk, order, mugs=mugs, total=total)
    if is_discarded:
        clerk.discard("orders_to_m3")
        clerk.go_on()

    clerk.refund(changed, line_items=[part_of(changed["line_items"][MUG], back)])
    clerk.pass_and_settle()

    assert refund_waits(clerk, says="M3 has invoiced 67.12")
    assert credited(clerk) == []


def test_what_m3_was_never_to_get_of_a_change_is_not_credited(clerk: Clerk) -> None:
    store = yaml.safe_load(quick_store(guests="common"))
    store["orders"]["changes"] = "person"
    clerk.connector.configure(yaml.safe_dump(store))
    order = posted(clerk)
    changed = edit(clerk, order, mugs=5, total="64.50")
    invoice(clerk, order)

    clerk.refund(changed, line_items=[part_of(changed["line_items"][MUG], 5)])
    clerk.pass_and_settle()

    assert refund_waits(clerk, says="M3 has invoiced 67.12")
    assert credited(clerk) == []


def test_pieces_that_m3_never_invoiced_do_not_come_back_whatever_they_cost(clerk: Clerk) -> None:
    order = posted(clerk)
    number = clerk.number_of(order)
    clerk.in_m3(order_changes.change_quantity(number, LineKey("1"), quantity=Decimal(2)))
    clerk.price(order, "30.00")
    invoice(clerk, order)

    clerk.give_back(order, MUG, 3)
    clerk.go_on()

    assert refund_waits(clerk, says="M3 has invoiced 2 of order line")
    assert credited(clerk) == []


def test_what_comes_back_of_the_rest_is_credited_once_the_missing_piece_is_settled(clerk: Clerk) -> None:
    order = posted(clerk)
    number = clerk.number_of(order)
    clerk.in_m3(order_changes.change_quantity(number, LineKey("1"), quantity=Decimal(2)))
    invoice(clerk, order)
    clerk.give_back(order, MUG, 1)
    clerk.go_on()
    assert refund_waits(clerk, says="51.00")
    clerk.discard("refunds_to_m3")

    clerk.give_back(order, MUG, 1)
    clerk.give_back(order, OTHER_MUG, 1)
    clerk.pass_and_settle()

    assert credited(clerk) == ["-16.12", "-12.49"]
    assert [one["state"] for one in clerk.refunds()] == ["done"] * 3


def test_what_comes_back_beside_a_line_that_m3_closed_is_credited(clerk: Clerk) -> None:
    order = posted(clerk)
    clerk.in_m3(order_changes.close_line(clerk.number_of(order), LineKey("2"), reason=""))
    invoice(clerk, order)

    clerk.give_back(order, OTHER_MUG, 1)
    clerk.go_on()
    clerk.give_back(order, MUG, 3)
    clerk.refund(order, "6.25")
    clerk.pass_and_settle()

    assert credited(clerk) == ["-48.38", "-6.25"]  # of 54.64, a cent of which is the rounding of the line that is gone
    assert [one["state"] for one in clerk.refunds()] == ["done"] * 3


def test_what_m3_invoiced_beyond_the_order_holds_up_no_refund(clerk: Clerk) -> None:
    order = posted(clerk)
    clerk.price(order, "30.00")
    invoice(clerk, order)

    clerk.refund(order, order["total"])
    clerk.go_on()

    assert credited(clerk) == ["-67.12"]


def test_money_that_waits_for_the_invoice_counts_what_was_taken_off_after_it(clerk: Clerk) -> None:
    order = posted(clerk)
    clerk.refund(order, "2.50")
    clerk.go_on()
    clerk.give_back(order, MUG, 1)
    clerk.go_on()

    invoice(clerk, order)

    assert credited(clerk) == ["-2.50"]
    assert [one["state"] for one in clerk.refunds()] == ["done"] * 2
