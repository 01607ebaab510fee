"""A rate that M3 gets after a day's money was posted at an older one: it is due at the rate it was posted at."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from connector.flows.rates import read_rates
from connector.flows.reconciling.result import Fact
from tests.harness import STORE, Connector
from tests.integration.flows.books.counting_house import FEE_KEY, meta, paying
from tests.integration.flows.reconciling.clerk import Clerk, reasons_of
from tests.integration.flows.refunds.desk import MUG


@pytest.fixture
def clerk(connector: Connector) -> Clerk:
    clerk = Clerk(connector, guests="common")
    rates = {"at": "00:00", "currencies": ["USD"]}
    connector.configure(paying(books={"convert_to": "EUR"}, rates=rates))
    return clerk


def state_rate(clerk: Clerk, rate: str) -> None:
    """Enters a rate of today in CRS058, and reads it."""
    content: dict[str, Any] = {"cucd": "USD", "cutd": f"{clerk.today():%Y%m%d}", "arat": rate}
    clerk.sandbox.post(f"{clerk.sandbox.m3_url}/_control/rates", [content])
    read_rates(clerk.connector.engine, clerk.connector.process.runtime.store(STORE))


def test_money_is_due_at_the_rate_it_was_posted_at(clerk: Clerk) -> None:
    state_rate(clerk, "0.9")
    order = clerk.place(currency="USD", meta_data=meta(**{FEE_KEY: "3.75"}))
    clerk.go_on()
    clerk.give_back(order, MUG, 1, paid_back=True)
    clerk.go_on()

    state_rate(clerk, "0.95")
    assert [row for row in clerk.reconcile_money() if row.fact in (Fact.PAYMENT, Fact.REPAYMENT)] == []

    worth = {fact: total.shop for (_, _, fact), total in clerk.totals.days.items()}
    assert worth[Fact.PAYMENT] == round(Decimal(order["total"]) * Decimal("0.9"), 2)
    assert clerk.totals.facts[Fact.REPAYMENT] == 1
    clerk.empty_ledger()
    assert reasons_of([row for row in clerk.reconcile_money() if row.fact is Fact.PAYMENT]) == {"unknown"}
