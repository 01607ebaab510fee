"""What a gateway paid back, in both ways of paying invoices: M3's ledger has to show just that, no less."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import text

from connector.flows.reconciling.result import Fact, Row
from connector.ledger.session import transaction
from tests.harness import Connector
from tests.integration.flows.books.counting_house import PAYMENTS, SETTLE, invoicing, paying
from tests.integration.flows.reconciling.clerk import reasons_of, without_why
from tests.integration.flows.reconciling.keeper import Bookkeeper
from tests.integration.flows.refunds.desk import MUG

WAYS = ("prepayment", "clearing")
DIRECT = "invoices"


def settling(against: str) -> dict[str, Any]:
    return {"settle": {**SETTLE, "against": against}}


def repayments(keeper: Bookkeeper) -> list[Row]:
    return [row for row in keeper.reconcile_money() if row.fact is Fact.REPAYMENT]


def set_as_sent(keeper: Bookkeeper, amount: str, sent: str) -> None:
    """Leaves the ledger as if another amount had been sent, which a bug might do."""
    statement = text("""
        UPDATE document m SET plan = replace(m.plan::text, :amount, :sent)::jsonb
        FROM exchange e WHERE e.id = m.exchange_id AND e.flow = 'repayments_to_m3'
    """)
    with transaction(keeper.connector.engine) as connection:
        assert connection.execute(statement, {"amount": amount, "sent": sent}).rowcount


@pytest.fixture(params=[*WAYS, DIRECT])
def keeper(connector: Connector, request: pytest.FixtureRequest) -> Bookkeeper:
    """A store that has carried a refund of 16.12 by the gateway, made after M3 had invoiced the order."""
    keeper = Bookkeeper(connector, guests="common")
    against = settling("prepayment" if request.param == "prepayment" else "clearing")
    if request.param == DIRECT:
        connector.configure(invoicing(invoices={"credit_prefix": "W1C-"}, payments={**PAYMENTS, **against}))
        order = keeper.place()
        keeper.connector.drain()
    else:
        connector.configure(paying(payments=against))
        order = keeper.invoiced()
    keeper.update_payments()
    keeper.give_back(order, MUG, 1, paid_back=True)
    keeper.look_again()
    assert keeper.reconcile_money() == []
    assert keeper.totals.facts[Fact.REPAYMENT] == 1
    return keeper


def test_a_repayment_that_was_posted_too_small_is_unknown(keeper: Bookkeeper) -> None:
    keeper.change_amount("W1R", "6.12")
    assert reasons_of(repayments(keeper)) == {"edited_in_m3"}
    set_as_sent(keeper, "16.12", "6.12")

    rows = repayments(keeper)

    assert {(row.what, row.shop, row.m3) for row in rows} == {
        ("account 1580", "-16.12", "-6.12"),
        ("account 2420", "16.12", "6.12"),
    }
    assert reasons_of(rows) == {"unknown"}
    assert not keeper.totals.is_explained


def test_a_repayment_that_is_missing_is_found_whatever_the_ledger_says(keeper: Bookkeeper) -> None:
    keeper.remove_voucher("W1R")
    (row,) = rows = repayments(keeper)
    assert (row.what, row.shop, row.m3, row.reason.value) == ("whole", "-16.12", None, "deleted_in_m3")

    keeper.empty_ledger()

    assert without_why(rows) <= without_why(keeper.reconcile_money())
    assert not keeper.totals.is_explained


def lacking(connector: Connector) -> Bookkeeper:
    keeper = Bookkeeper(connector, guests="common")
    connector.configure(paying(payments=settling("clearing")))
    return keeper


def test_what_a_person_pays_back_of_an_order_made_smaller_is_missed_where_it_is_missing(connector: Connector) -> None:
    keeper = lacking(connector)
    order = keeper.place()
    keeper.go_on()
    keeper.give_back(order, MUG, 1)
    keeper.go_on()
    assert (keeper.reconcile_money(), keeper.totals.facts[Fact.REPAYMENT]) == ([], 1)

    keeper.remove_voucher("W1R")

    (row,) = repayments(keeper)
    assert (row.shop, row.m3, row.reason.value) == ("16.12", None, "deleted_in_m3")


def test_a_refund_of_a_whole_order_that_m3_does_not_hold_any_more_is_equal(connector: Connector) -> None:
    keeper = lacking(connector)
    order = keeper.place()
    keeper.go_on()
    keeper.refund(order, order["total"])
    keeper.look_again()

    assert (repayments(keeper), keeper.totals.facts[Fact.REPAYMENT]) == ([], 1)
    keeper.change_amount("W1R", "1.00")
    assert {row.reason.value for row in repayments(keeper)} == {"edited_in_m3"}


def test_a_repayment_of_what_m3_never_credited_is_unknown(connector: Connector) -> None:
    keeper = lacking(connector)
    order = keeper.invoiced()
    keeper.give_back(order, MUG, 1, paid_back=True)
    keeper.look_again()
    (returned,) = keeper.returns()
    keeper.delete_in_m3(returned["orno"])

    (row,) = repayments(keeper)

    assert (row.shop, row.m3, row.reason.value) == (None, "-16.12", "unknown")
    assert "asks for no repayment" in row.words


def test_cents_of_the_order_that_a_return_takes_along_are_nobodys_repayment(connector: Connector) -> None:
    keeper = lacking(connector)
    order = keeper.place()
    keeper.go_on()
    keeper.advance(order, "44", {"ponr": 2})
    for _ in range(3):
        keeper.give_back(order, MUG, 1)
        keeper.look_again()
    keeper.advance(order, "77")
    keeper.look_again()
    keeper.refund(order, "2.50", paid_back=True)
    keeper.look_again()
    keeper.update_payments()

    assert sum(Decimal(one["total"]) for one in keeper.returns()) == Decimal("-2.49")
    assert repayments(keeper) == []
