"""The store file names accounts otherwise since something was posted: it is due where it was posted, and nowhere else."""

from __future__ import annotations

from typing import Any

import pytest

from connector.flows.reconciling.result import Fact, Row
from tests.harness import Connector
from tests.integration.flows.books.counting_house import FEE_KEY, PAYMENTS, invoicing, meta, paying
from tests.integration.flows.reconciling.clerk import Clerk, reasons_of
from tests.integration.flows.refunds.desk import MUG

STRIPE = PAYMENTS["methods"]["stripe"]
RENAMED = {
    "liability": {"account": "2611"},
    "methods": {
        **PAYMENTS["methods"],
        "stripe": {"clearing": {"account": "1581"}, "fee": {**STRIPE["fee"], "account": {"account": "3740"}}},
    },
}


@pytest.fixture
def payer(connector: Connector) -> Clerk:
    clerk = Clerk(connector, guests="common")
    connector.configure(paying())
    return clerk


def configure(clerk: Clerk, payments: dict[str, Any]) -> None:
    clerk.connector.configure(paying(payments=payments))
    clerk.connector.forget()


def of_payments(clerk: Clerk) -> list[Row]:
    return [row for row in clerk.reconcile_money() if row.fact is Fact.PAYMENT]


def test_what_was_posted_is_equal_on_the_accounts_that_the_store_file_named_then(payer: Clerk) -> None:
    order = payer.place(meta_data=meta(**{FEE_KEY: "3.75"}))
    payer.go_on()
    payer.give_back(order, MUG, 1, paid_back=True)
    payer.go_on()
    payer.reconcile_money()
    before = payer.totals
    assert (before.is_explained, before.facts[Fact.PAYMENT], before.facts[Fact.REPAYMENT]) == (True, 1, 1)

    configure(payer, RENAMED)

    payer.reconcile_money()
    assert (payer.totals.is_explained, payer.totals.accounts) == (True, before.accounts)
    assert (payer.totals.days, payer.totals.facts) == (before.days, before.facts)
    payer.empty_ledger()
    assert reasons_of(of_payments(payer)) == {"unknown"}


def test_what_is_posted_later_stands_on_the_present_accounts(payer: Clerk) -> None:
    payer.place()
    payer.go_on()
    configure(payer, RENAMED)
    newer = payer.place()
    payer.go_on()

    assert payer.reconcile_money() == []
    assert payer.totals.accounts["1581", "EUR"].m3 == payer.totals.accounts["1581", "EUR"].shop
    assert str(payer.totals.accounts["1581", "EUR"].m3) == newer["total"]


def test_a_row_that_somebody_moved_is_shown_beside_the_former_name_of_its_account(payer: Clerk) -> None:
    payer.place()
    payer.go_on()
    payer.move_row("W1P", account="1580", to="3090")
    configure(payer, RENAMED)

    rows = of_payments(payer)

    assert {row.what for row in rows} == {"account 1580", "account 3090"}
    assert reasons_of(rows) == {"edited_in_m3"}


def test_accounts_taken_for_each_other_are_no_new_names(payer: Clerk) -> None:
    payer.place()
    payer.go_on()
    methods = {**PAYMENTS["methods"], "stripe": {"clearing": {"account": "2420"}}}
    configure(payer, {"methods": methods, "liability": {"account": "1580"}})

    assert reasons_of(of_payments(payer)) == {"unknown"}


def test_another_payment_method_is_no_new_name(payer: Clerk) -> None:
    order = payer.place()
    payer.go_on()
    payer.change(order, payment_method="bacs")

    rows = of_payments(payer)

    assert {row.what for row in rows} == {"account 1580", "account 1930"}
    assert reasons_of(rows) == {"changed_in_shop"}


RENAMED_OF_INVOICES = {
    "credit_prefix": "W1C-",
    "receivable": {"account": "1511"},
    "revenue": [{"account": {"account": "3011"}}],
    "taxes": [{"rate": "25", "account": {"account": "2619"}}, {"rate": "5", "account": {"account": "2612"}}],
}


@pytest.fixture
def invoicer(connector: Connector) -> Clerk:
    """A clerk with an invoice and a credit that are equal, after which the store file has got other accounts."""
    clerk = Clerk(connector, guests="common")
    connector.configure(invoicing(invoices={"credit_prefix": "W1C-"}))
    order = clerk.place()
    clerk.go_on()
    clerk.give_back(order, MUG, 1)
    clerk.go_on()
    assert (clerk.reconcile_money(), set(clerk.totals.facts)) == ([], {Fact.INVOICE, Fact.CREDIT})
    connector.configure(invoicing(invoices=RENAMED_OF_INVOICES))
    connector.forget()
    return clerk


def test_an_invoice_and_its_credit_keep_their_accounts_and_their_worth(invoicer: Clerk) -> None:
    days, accounts = invoicer.totals.days, invoicer.totals.accounts

    assert invoicer.reconcile_money() == []

    assert (invoicer.totals.days, invoicer.totals.accounts) == (days, accounts)
    assert {total.m3 == total.shop != 0 for total in days.values()} == {True}


def test_an_invoice_of_which_no_account_was_kept_is_told(invoicer: Clerk) -> None:
    invoicer.connector.rows("UPDATE document SET plan = plan - 'sold' WHERE plan ? 'sold' RETURNING 1")

    rows = invoicer.reconcile_money()

    changed = {f"account {one}" for one in ("1510", "1511", "3010", "3011", "2610", "2619")}
    assert {row.what for row in rows if row.fact is Fact.INVOICE} == changed
    assert reasons_of(rows) == {"unknown"}
