"""A store that changes from orders to direct invoices, or back: what was posted before is compared as it was posted."""

from __future__ import annotations

from typing import Any

import pytest

from connector.flows.reconciling.result import Fact
from tests.harness import Connector
from tests.integration.flows.books.counting_house import PAYMENTS, SETTLE, invoicing, paying
from tests.integration.flows.reconciling.clerk import reasons_of, without_why
from tests.integration.flows.reconciling.keeper import Bookkeeper, paid_long_ago
from tests.integration.flows.refunds.desk import MUG

CREDITS = {"credit_prefix": "W1C-"}


class Changing(Bookkeeper):
    """A store that pays invoices at the gateway's account, and is told anew how its orders are carried."""

    def __init__(self, connector: Connector, *, against: str) -> None:
        super().__init__(connector, guests="common")
        self.payments: dict[str, Any] = {**PAYMENTS, "settle": {**SETTLE, "against": against}}

    def as_orders(self) -> None:
        self.connector.configure(paying(payments=self.payments))

    def as_invoices(self, **parts: Any) -> None:
        self.connector.configure(invoicing(invoices={**CREDITS, **parts}, payments=self.payments))

    def lag(self, seconds: float) -> None:
        """Has M3's job post what it takes that much later."""
        self.sandbox.post(f"{self.sandbox.m3_url}/_control/ledger", {"lag_s": seconds})

    def given_back(self, order: dict[str, Any]) -> None:
        """Pays an order's invoice, and has the gateway and a person pay something back."""
        self.update_payments()
        self.give_back(order, MUG, 1, paid_back=True)
        self.look_again()
        self.give_back(order, MUG, 1)
        self.look_again()


@pytest.fixture(params=["prepayment", "clearing"])
def keeper(connector: Connector, request: pytest.FixtureRequest) -> Changing:
    return Changing(connector, against=request.param)


def test_customer_orders_are_equal_after_a_change_to_invoices(keeper: Changing) -> None:
    keeper.as_orders()
    older = keeper.invoiced()
    keeper.given_back(older)
    smaller = keeper.place()
    keeper.go_on()
    keeper.give_back(smaller, MUG, 1)
    keeper.look_again()
    assert keeper.reconcile_money() == []
    before = dict(keeper.totals.facts)

    keeper.as_invoices()

    assert (keeper.reconcile_money(), dict(keeper.totals.facts)) == ([], before)
    keeper.place()
    keeper.look_again()
    keeper.update_payments()
    assert keeper.reconcile_money() == []
    assert keeper.totals.facts[Fact.INVOICE] == 1


def test_direct_invoices_are_equal_after_a_change_to_orders(keeper: Changing) -> None:
    keeper.as_invoices()
    older = keeper.place()
    keeper.connector.drain()
    keeper.given_back(older)
    assert keeper.reconcile_money() == []
    before = dict(keeper.totals.facts)

    keeper.as_orders()

    assert (keeper.reconcile_money(), dict(keeper.totals.facts)) == ([], before)
    keeper.invoiced()
    keeper.update_payments()
    assert keeper.reconcile_money() == []
    assert keeper.totals.facts[Fact.ORDER] == 1


def test_an_invoice_that_waits_for_m3_at_a_change_to_orders_is_compared_as_one(keeper: Changing) -> None:
    keeper.as_invoices()
    keeper.lag(36_000)
    keeper.place()
    keeper.connector.drain()
    before = {(row.fact, row.reason.value) for row in keeper.reconcile_money()}

    keeper.as_orders()

    assert (Fact.INVOICE, "in_flight") in before
    assert {reason for _, reason in before} == {"in_flight"}
    assert {(row.fact, row.reason.value) for row in keeper.reconcile_money()} == before


def test_what_is_missing_of_a_customer_order_is_found_after_a_change_to_invoices(keeper: Changing) -> None:
    keeper.as_orders()
    older = keeper.invoiced()
    keeper.given_back(older)
    keeper.as_invoices()
    assert keeper.reconcile_money() == []
    keeper.delete_in_m3(keeper.returns()[0]["orno"])

    rows = keeper.reconcile_money()

    assert ("refund", "deleted_in_m3") in {(row.fact.value, row.reason.value) for row in rows}
    assert not keeper.totals.is_explained


def test_a_customer_order_invoiced_after_a_change_to_invoices_is_found_without_news_in_the_shop(
    keeper: Changing,
) -> None:
    keeper.as_orders()
    order = paid_long_ago(keeper)
    keeper.as_invoices()
    keeper.advance(order, "77")
    keeper.look_again()
    keeper.update_payments()

    assert (keeper.settlements(), keeper.totals.facts[Fact.SETTLEMENT]) == ([], 1)
    keeper.leave_paid("1.00")
    before = keeper.settlements()
    assert reasons_of(before) == {"deleted_in_m3"}
    keeper.empty_ledger()
    assert without_why(keeper.settlements()) == without_why(before)


def test_what_is_missing_of_a_direct_invoice_is_found_after_a_change_to_orders(keeper: Changing) -> None:
    keeper.as_invoices()
    keeper.place()
    keeper.connector.drain()
    keeper.update_payments()
    keeper.as_orders()
    assert keeper.reconcile_money() == []
    keeper.remove_voucher("W1I")

    (row,) = keeper.reconcile_money()

    assert (row.fact, row.reason.value) == (Fact.INVOICE, "deleted_in_m3")


@pytest.mark.parametrize("is_direct", [False, True])
def test_what_an_emptied_ledger_says_after_a_change_is_unknown(keeper: Changing, is_direct: bool) -> None:
    first, then = (keeper.as_invoices, keeper.as_orders) if is_direct else (keeper.as_orders, keeper.as_invoices)
    first()
    keeper.place()
    keeper.look_again()
    then()
    assert {row.reason.value for row in keeper.reconcile_money()} <= {"in_flight"}
    keeper.empty_ledger()

    assert reasons_of(keeper.reconcile_money()) == {"unknown"}


def test_payments_are_equal_after_a_change_of_how_invoices_are_paid(keeper: Changing) -> None:
    against = "clearing" if keeper.payments["settle"]["against"] == "prepayment" else "prepayment"
    require_equal_after(keeper, {"settle": {**SETTLE, "against": against}})


def test_payments_are_equal_after_prepayments_got_another_account(connector: Connector) -> None:
    require_equal_after(Changing(connector, against="prepayment"), {"liability": {"account": "2421"}})


def require_equal_after(keeper: Changing, change: dict[str, Any]) -> None:
    """Compares orders in each state before and after another store file."""
    keeper.as_orders()
    keeper.given_back(keeper.invoiced())
    keeper.place()
    keeper.go_on()
    assert keeper.reconcile_money() == []
    before = dict(keeper.totals.facts)

    keeper.payments |= change
    keeper.as_orders()

    assert (keeper.reconcile_money(), dict(keeper.totals.facts)) == ([], before)


@pytest.mark.parametrize("without", ["orders", "invoices without credit_prefix"])
def test_a_credit_that_had_not_begun_at_the_change_is_told(connector: Connector, without: str) -> None:
    keeper = Changing(connector, against="prepayment")
    keeper.as_invoices()
    order = keeper.place()
    keeper.connector.drain()
    keeper.update_payments()
    keeper.give_back(order, MUG, 1, paid_back=True)
    for flow in ("orders_to_m3", "refunds_to_m3", "invoices_to_m3", "repayments_to_m3"):
        keeper.connector.run(keeper.exchange(flow)["id"])
    if without == "orders":
        keeper.as_orders()
    else:
        keeper.connector.configure(invoicing(payments=keeper.payments))
    keeper.look_again()

    credit, invoice = keeper.exchange("credits_to_m3"), keeper.exchange("invoices_to_m3")
    assert (credit["state"], credit["reason_code"]) == ("dead_letter", "needs_person")
    assert "is not credited" in credit["reason"] and "invoices.credit_prefix" in credit["resolution"]
    assert invoice["state"] == "done", "one refund is asked about once"

    keeper.as_invoices()
    keeper.release(credit["id"])
    keeper.look_again()
    assert keeper.exchange("credits_to_m3")["state"] == "done"
    assert keeper.reconcile_money() == []
