"""What M3's receivables show as paid of each invoice against what the buyer paid in the shop."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from connector.flows.reconciling.result import Fact, Reason
from tests.harness import Connector
from tests.integration.flows.books.counting_house import BOOKS, PAYMENTS, SETTLE, invoicing, paying
from tests.integration.flows.reconciling.clerk import reasons_of, without_why
from tests.integration.flows.reconciling.keeper import DAY_S, Bookkeeper, paid_long_ago
from tests.integration.flows.refunds.desk import MUG


@pytest.fixture
def keeper(connector: Connector) -> Bookkeeper:
    """A store whose payments pay the invoices of M3."""
    keeper = Bookkeeper(connector, guests="common")
    connector.configure(paying(payments={"settle": SETTLE}))
    return keeper


def test_invoices_paid_with_what_the_buyer_paid_are_equal(keeper: Bookkeeper) -> None:
    orders = [keeper.paid(), keeper.paid()]

    assert keeper.reconcile_money() == []
    (day,) = [one for (_, _, fact), one in keeper.totals.days.items() if fact is Fact.SETTLEMENT]
    total = sum(Decimal(order["total"]) for order in orders)
    assert (day.shop_count, day.shop, day.m3_count, day.m3) == (2, total, 2, total)


def test_a_batch_that_nobody_has_posted_yet_is_in_flight(keeper: Bookkeeper) -> None:
    order = keeper.invoiced()

    rows = keeper.settlements()

    assert {(row.what.split()[0], row.shop, row.m3) for row in rows} == {
        ("paid", order["total"], "0"),
        ("open", "0", order["total"]),
    }
    assert reasons_of(rows) == {"in_flight"}


@pytest.mark.parametrize(("left", "reason"), [("0", Reason.DELETED_IN_M3), ("999.00", Reason.UNKNOWN)])
def test_a_payment_taken_off_or_made_twice_in_m3_is_found(keeper: Bookkeeper, left: str, reason: Reason) -> None:
    order = keeper.paid()
    keeper.leave_paid(left)

    before = keeper.settlements()
    is_explained = keeper.totals.is_explained
    keeper.empty_ledger()
    after = keeper.settlements()

    paid = next(row for row in before if row.what == "paid")
    assert (paid.shop, paid.m3, paid.reason, is_explained) == (order["total"], left, reason, False)
    assert without_why(before) == without_why(after)
    assert reasons_of(after) == {"unknown"}


def test_an_order_invoiced_in_part_waits_for_the_rest(keeper: Bookkeeper) -> None:
    order = keeper.place()
    keeper.go_on()
    keeper.advance(order, "77", {"ponr": 1})
    keeper.look_again()

    rows = keeper.settlements()

    assert reasons_of(rows) == {"in_flight"}
    assert "not wholly invoiced" in rows[0].words


def test_an_older_order_is_compared_on_the_day_of_its_invoice(keeper: Bookkeeper) -> None:
    keeper.paid(saved_late_s=5 * DAY_S)

    assert keeper.settlements() == []
    assert (keeper.totals.facts[Fact.ORDER], keeper.totals.facts[Fact.SETTLEMENT]) == (0, 1)
    keeper.leave_paid("1.00")
    assert reasons_of(keeper.settlements()) == {"deleted_in_m3"}


def test_an_older_order_is_found_by_the_number_the_shop_shows(keeper: Bookkeeper) -> None:
    keeper.paid(saved_late_s=5 * DAY_S)
    before = lists_read(keeper)
    keeper.reconcile()
    without = lists_read(keeper) - before

    keeper.reconcile_money()

    assert lists_read(keeper) - before == 2 * without  # no list of M3 is read further back


def lists_read(keeper: Bookkeeper) -> int:
    return int(keeper.sandbox.m3_book()["calls"]["OIS175MI/LstHeadByDate"])


def test_what_was_refunded_before_the_invoice_is_not_due_on_it(keeper: Bookkeeper) -> None:
    order = keeper.place()
    keeper.go_on()
    keeper.give_back(order, MUG, 1)
    keeper.go_on()
    keeper.advance(order, "77")
    keeper.look_again()
    keeper.update_payments()

    assert keeper.reconcile_money() == []
    (day,) = [one for (_, _, fact), one in keeper.totals.days.items() if fact is Fact.SETTLEMENT]
    assert day.shop == day.m3 == Decimal(order["total"]) - Decimal("16.12")


def test_direct_invoices_are_compared_too(connector: Connector) -> None:
    keeper = Bookkeeper(connector, guests="common")
    connector.configure(invoicing(payments={**PAYMENTS, "settle": SETTLE}))
    keeper.place()
    keeper.connector.drain()
    keeper.update_payments()

    assert (keeper.settlements(), keeper.totals.facts[Fact.SETTLEMENT]) == ([], 1)
    keeper.leave_paid("0")
    assert reasons_of(keeper.settlements()) == {"deleted_in_m3"}


def test_invoices_of_orders_that_are_not_paid_in_the_shop_are_left_alone(keeper: Bookkeeper) -> None:
    keeper.invoiced(payment_method="cod")
    keeper.leave_paid("1.00")

    assert (keeper.settlements(), keeper.totals.facts[Fact.SETTLEMENT]) == ([], 0)


def test_whatever_of_a_refund_is_posted_beside_invoices_paid_at_the_gateway_is_equal(connector: Connector) -> None:
    keeper = Bookkeeper(connector, guests="common")
    connector.configure(paying(payments={"settle": {**SETTLE, "against": "clearing"}}))
    order = keeper.place()
    keeper.go_on()
    keeper.give_back(order, MUG, 1)
    keeper.go_on()
    keeper.give_back(order, MUG, 1, paid_back=True)
    keeper.go_on()
    keeper.advance(order, "77")
    keeper.look_again()
    keeper.refund(order, "2.50", paid_back=True)
    keeper.look_again()
    keeper.update_payments()

    assert keeper.reconcile_money() == []

    keeper.move_row("W1R", account="2420", to="3090")
    assert {"account 2420", "account 3090"} <= {row.what for row in keeper.reconcile_money()}

    keeper.remove_voucher("W1R")
    assert (Fact.REPAYMENT, "deleted_in_m3") in {(row.fact, row.reason.value) for row in keeper.reconcile_money()}


def test_an_order_the_shop_has_not_changed_since_is_compared_on_the_day_of_its_invoice(keeper: Bookkeeper) -> None:
    order = paid_long_ago(keeper)
    keeper.advance(order, "77")
    keeper.look_again()
    keeper.update_payments()

    assert (keeper.settlements(), keeper.totals.facts[Fact.SETTLEMENT]) == ([], 1)
    keeper.leave_paid("1.00")
    before = keeper.settlements()
    keeper.empty_ledger()
    after = keeper.settlements()

    assert {(row.shop_id, row.what) for row in before} == {(order["id"], "paid"), (order["id"], before[-1].what)}
    assert reasons_of(before) == {"deleted_in_m3"}
    assert without_why(before) == without_why(after)


def test_a_credit_is_no_invoice_of_an_order_unheard_of(keeper: Bookkeeper) -> None:
    order = keeper.paid()
    keeper.give_back(order, MUG, 1)
    keeper.go_on()
    (number,) = [one["orno"] for one in keeper.returns()]
    keeper.sandbox.advance(number, "77")

    before = lists_read(keeper)
    keeper.reconcile()
    without = lists_read(keeper) - before

    keeper.reconcile_money()

    assert lists_read(keeper) - before == 2 * without  # no list of M3 is read further back


def test_a_direct_invoice_the_shop_has_not_changed_since_is_compared_too(connector: Connector) -> None:
    keeper = Bookkeeper(connector, guests="common")
    closed = (keeper.today() - timedelta(days=1)).isoformat()
    books = {**BOOKS, "closed_through": closed, "closed_period": "next_open"}
    connector.configure(invoicing(payments={**PAYMENTS, "settle": SETTLE}, books=books))
    paid_long_ago(keeper)
    keeper.update_payments()

    assert (keeper.settlements(), keeper.totals.facts[Fact.SETTLEMENT]) == ([], 1)


@pytest.mark.parametrize("is_known", [True, False])
def test_an_invoice_that_only_bears_the_number_of_an_orders_is_not_the_orders(
    connector: Connector, is_known: bool
) -> None:
    keeper = Bookkeeper(connector, guests="common")
    connector.configure(invoicing(payments={**PAYMENTS, "settle": SETTLE}))
    keeper.place()
    keeper.connector.drain()
    keeper.update_payments()
    (invoice,) = keeper.sandbox.m3_book()["invoices"]
    keeper.enter_invoice(customer="GUESTUSUSD", number=invoice["cino"], amount="12.34")
    if not is_known:
        keeper.empty_ledger()

    rows = keeper.reconcile_money()

    assert (rows, keeper.totals.facts[Fact.SETTLEMENT]) == ([], 1)


def test_an_invoice_of_another_customer_does_not_stand_for_one_that_is_missing(connector: Connector) -> None:
    keeper = Bookkeeper(connector, guests="common")
    connector.configure(invoicing(payments={**PAYMENTS, "settle": SETTLE}))
    order = keeper.place()
    number = f"W1-{order['id']}"
    keeper.enter_invoice(customer="GUESTUSUSD", number=number, amount="12.34")

    rows = keeper.reconcile_money()

    assert {row.fact for row in rows} == {Fact.INVOICE, Fact.PAYMENT}
    assert keeper.totals.facts[Fact.SETTLEMENT] == 0
