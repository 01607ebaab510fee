"""Payments and direct invoices of the shop against M3's ledger, account by account."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from connector.flows.books.keys import key_of
from connector.flows.rates import read_rates
from connector.flows.reconciling.result import WHOLE, Fact, Reason, Row
from tests.harness import STORE, Connector
from tests.integration.flows.books.counting_house import BOOKS, FEE_KEY, invoicing, meta, paying
from tests.integration.flows.reconciling.clerk import Clerk, reasons_of, without_why

DAY_S = 86_400


@pytest.fixture
def invoicer(connector: Connector) -> Clerk:
    """A store whose orders are invoices."""
    clerk = Clerk(connector, guests="common")
    connector.configure(invoicing())
    return clerk


def post(clerk: Clerk, *, count: int = 1, **order: Any) -> list[dict[str, Any]]:
    """Places paid orders and carries them across."""
    placed = [clerk.place(**order) for _ in range(count)]
    clerk.go_on()
    return placed


def rows_of(clerk: Clerk, fact: Fact) -> list[Row]:
    """Compares the money; returns what differs of one kind of fact."""
    rows = clerk.reconcile_money()
    assert {row.fact for row in rows} <= {fact}
    return rows


def test_payments_that_m3_shows_are_equal_account_by_account(payer: Clerk) -> None:
    orders = post(payer, count=2, meta_data=meta(**{FEE_KEY: "3.75"}))

    assert payer.reconcile_money() == []
    total = sum(Decimal(order["total"]) for order in orders)
    liability = payer.totals.accounts["2420", "EUR"]
    assert (liability.shop, liability.m3) == (-total, -total)
    assert payer.totals.facts[Fact.PAYMENT] == 2
    assert payer.totals.is_explained


def test_a_journal_row_on_another_account_is_shown_on_both(payer: Clerk) -> None:
    (order,) = post(payer)
    payer.move_row("W1P", account="2420", to="3090")

    rows = rows_of(payer, Fact.PAYMENT)

    assert {(row.what, row.shop, row.m3) for row in rows} == {
        ("account 2420", f"-{order['total']}", "0"),
        ("account 3090", "0", f"-{order['total']}"),
    }
    assert reasons_of(rows) == {"edited_in_m3"}
    assert payer.totals.accounts["3090", "EUR"].m3 == -Decimal(order["total"])


def test_a_payment_missing_in_the_ledger_is_found(payer: Clerk) -> None:
    order, _ = post(payer, count=2)
    payer.remove_voucher(payer.key_of(order))

    (row,) = rows_of(payer, Fact.PAYMENT)

    assert (row.shop_id, row.what, row.shop, row.m3) == (order["id"], WHOLE, order["total"], None)
    assert row.reason is Reason.DELETED_IN_M3
    assert not payer.totals.is_explained


def test_a_payment_posted_twice_is_found(payer: Clerk) -> None:
    (order,) = post(payer)
    payer.copy_voucher(payer.key_of(order))

    (row,) = rows_of(payer, Fact.PAYMENT)

    assert (row.reason, row.what, row.m3) == (Reason.UNKNOWN, WHOLE, f"{order['total']}, {order['total']}")


def test_a_payment_without_an_account_was_refused_before_posting(connector: Connector) -> None:
    clerk = Clerk(connector, guests="common")
    connector.configure(paying(payments={"methods": {}}))
    (order,) = post(clerk)

    (row,) = rows_of(clerk, Fact.PAYMENT)

    assert (row.shop_id, row.reason) == (order["id"], Reason.REFUSED)
    assert "clearing account" in row.words


def test_a_posting_for_an_order_the_shop_does_not_have_is_found(payer: Clerk) -> None:
    (order,) = post(payer)
    payer.copy_voucher(payer.key_of(order), retold=f"{key_of(STORE, 'P', 987651, version=1)} 1795311984 987651")

    (row,) = rows_of(payer, Fact.PAYMENT)

    assert (row.shop, row.m3, row.reason) == (None, order["total"], Reason.UNKNOWN)
    assert "the shop has no order" in row.words


def test_direct_invoices_are_compared_with_what_the_order_posts(invoicer: Clerk) -> None:
    order, other = post(invoicer, count=2)
    assert invoicer.reconcile_money() == []
    assert invoicer.totals.facts[Fact.INVOICE] == 2

    invoicer.move_row(invoicer.key_of(order, letter="I"), account="3010", to="3020")

    rows = rows_of(invoicer, Fact.INVOICE)
    assert {row.what for row in rows} == {"account 3010", "account 3020"}
    assert {row.shop_id for row in rows} == {order["id"]} != {other["id"]}


def test_an_invoice_of_an_order_cancelled_since_waits_for_a_person(invoicer: Clerk) -> None:
    (order,) = post(invoicer)
    invoicer.change(order, status="cancelled")
    invoicer.go_on()

    (row,) = rows_of(invoicer, Fact.INVOICE)

    assert (row.shop, row.m3, row.reason) == (None, order["total"], Reason.WAITING)


def test_what_a_gateway_paid_back_is_compared_too(payer: Clerk) -> None:
    (order,) = post(payer)
    payer.change(order, refund={"amount": "5.00", "paid_back": True})
    payer.change(order, refund={"amount": "1.00"})  # by hand: nothing is posted at once
    payer.go_on()
    payer.advance(order, "77")
    payer.pass_and_settle()

    assert payer.reconcile_money() == []
    day = next(total for (_, _, fact), total in payer.totals.days.items() if fact is Fact.REPAYMENT)
    assert (day.shop_count, day.shop, day.m3) == (1, Decimal("-5.00"), Decimal("-5.00"))
    payer.remove_voucher(payer.key_of({"id": payer.refund_ids()[0]}, letter="R"))
    (row,) = rows_of(payer, Fact.REPAYMENT)
    assert (row.shop, row.m3, row.reason) == ("-5.00", None, Reason.DELETED_IN_M3)


def test_credits_of_direct_invoices_are_compared_too(connector: Connector) -> None:
    clerk = Clerk(connector, guests="common")
    connector.configure(invoicing(invoices={"credit_prefix": "W1C-"}))
    (order,) = post(clerk)
    clerk.change(order, refund={"amount": "7.77"})
    clerk.go_on()

    assert clerk.reconcile_money() == []
    assert clerk.totals.facts[Fact.CREDIT] == 1
    clerk.move_row(clerk.key_of({"id": clerk.refund_ids()[0]}, letter="C"), account="2610", to="2611")
    assert {row.what for row in rows_of(clerk, Fact.CREDIT)} == {"account 2610", "account 2611"}


def test_an_order_given_back_whole_is_due_as_invoice_and_as_credit(connector: Connector) -> None:
    clerk = Clerk(connector, guests="common")
    connector.configure(invoicing(invoices={"credit_prefix": "W1C-"}))
    (order,) = post(clerk)
    clerk.change(order, status="refunded", refund={"amount": order["total"]})
    clerk.go_on()

    assert clerk.reconcile_money() == []
    assert (clerk.totals.facts[Fact.INVOICE], clerk.totals.facts[Fact.CREDIT]) == (1, 1)
    clerk.remove_voucher(clerk.key_of({"id": clerk.refund_ids()[0]}, letter="C"))
    (row,) = rows_of(clerk, Fact.CREDIT)
    assert (row.shop, row.m3, row.reason) == (f"-{order['total']}", None, Reason.DELETED_IN_M3)


def test_a_credit_is_missed_though_its_invoice_is_of_another_day(connector: Connector) -> None:
    clerk = Clerk(connector, guests="common")
    connector.configure(invoicing(invoices={"credit_prefix": "W1C-"}))
    (order,) = post(clerk, saved_late_s=5 * DAY_S)
    clerk.change(order, status="refunded", refund={"amount": order["total"]})
    clerk.go_on()
    assert clerk.reconcile_money() == []
    assert (clerk.totals.facts[Fact.INVOICE], clerk.totals.facts[Fact.CREDIT]) == (0, 1)

    clerk.remove_voucher(clerk.key_of({"id": clerk.refund_ids()[0]}, letter="C"))

    (row,) = rows_of(clerk, Fact.CREDIT)
    assert (row.shop, row.m3, row.reason) == (f"-{order['total']}", None, Reason.DELETED_IN_M3)


@pytest.mark.parametrize("when", [{}, {"saved_late_s": 5 * DAY_S}], ids=["of these days", "of another day"])
def test_a_credit_whose_invoice_m3_does_not_have_is_found(connector: Connector, when: dict[str, Any]) -> None:
    clerk = Clerk(connector, guests="common")
    connector.configure(invoicing(invoices={"credit_prefix": "W1C-"}))
    (order,) = post(clerk, **when)
    clerk.change(order, status="refunded", refund={"amount": order["total"]})
    clerk.go_on()
    clerk.remove_voucher(clerk.key_of(order, letter="I"))

    (row,) = rows_of(clerk, Fact.CREDIT)

    assert (row.what, row.m3, row.reason) == ("invoice", None, Reason.UNKNOWN)


@pytest.mark.parametrize("fact", [Fact.REPAYMENT, Fact.CREDIT])
def test_what_a_refund_posts_on_the_first_open_day_is_no_stranger_there(connector: Connector, fact: Fact) -> None:
    clerk = Clerk(connector, guests="common")
    books = {**BOOKS, "closed_through": clerk.today().isoformat(), "closed_period": "next_open"}
    connector.configure(
        paying(books=books) if fact is Fact.REPAYMENT else invoicing(invoices={"credit_prefix": "W1C-"}, books=books)
    )
    (order,) = post(clerk)
    clerk.change(order, refund={"amount": "5.00", "paid_back": fact is Fact.REPAYMENT})
    clerk.go_on()
    own_day = [row for row in clerk.reconcile_money() if row.fact is fact]
    assert (own_day, clerk.totals.facts[fact]) == ([], 1)

    clerk.connector.pass_time(DAY_S)
    next_day = clerk.reconcile_money(days_back=0)

    assert [row for row in next_day if row.fact in (fact, Fact.PAYMENT, Fact.INVOICE)] == []
    clerk.copy_voucher(clerk.key_of({"id": clerk.refund_ids()[0]}, letter=fact.value[0].upper()), retold=stranger(fact))
    (row,) = [row for row in clerk.reconcile_money(days_back=0) if row.fact is fact]
    assert (row.shop, row.reason) == (None, Reason.UNKNOWN)


def stranger(fact: Fact) -> str:
    """The text of a posting of a refund that the shop does not have."""
    return f"{key_of(STORE, fact.value[0].upper(), 987651, version=1)} 1795311984 987651"


def test_an_order_given_back_before_it_was_invoiced_is_not_missed(connector: Connector) -> None:
    clerk = Clerk(connector, guests="common")
    connector.configure(invoicing(invoices={"credit_prefix": "W1C-"}))
    (order,) = post(clerk, status="on-hold", payment_method="bacs")
    clerk.change(order, status="refunded", refund={"amount": order["total"]})
    clerk.go_on()

    assert clerk.reconcile_money() == []


def test_books_in_one_currency_are_compared_in_it(connector: Connector) -> None:
    clerk = Clerk(connector, guests="common")
    rates = {"at": "00:00", "currencies": ["USD", "GBP"]}
    connector.configure(paying(books={"convert_to": "EUR"}, rates=rates))
    read_rates(connector.engine, connector.process.runtime.store(STORE))
    (order,) = post(clerk, currency="USD")

    assert clerk.reconcile_money() == []
    day = next(total for (_, _, fact), total in clerk.totals.days.items() if fact is Fact.PAYMENT)
    assert day.shop == day.m3 != Decimal(order["total"])
    assert {currency for _, currency in clerk.totals.accounts} == {"EUR"}


def test_what_waits_for_the_rates_of_its_day_is_explained(connector: Connector) -> None:
    clerk = Clerk(connector, guests="common")
    connector.configure(paying(books={"convert_to": "EUR"}, rates={"at": "00:00", "currencies": ["USD"]}))
    read_rates(connector.engine, connector.process.runtime.store(STORE))
    connector.rows(
        "UPDATE exchange_rate SET valid_from = valid_from - 1, read_at = read_at - interval '1 day' RETURNING currency"
    )
    connector.rows("UPDATE cursor SET moved_at = moved_at - interval '1 day' WHERE name = 'rates' RETURNING name")
    order = clerk.place(currency="USD")
    connector.drain()

    waiting = [(row.fact, row.shop_id, row.reason.value) for row in clerk.reconcile_money()]

    assert waiting == [(Fact.PAYMENT, order["id"], "in_flight")]


def test_an_emptied_ledger_changes_no_finding_of_money(payer: Clerk) -> None:
    moved, removed, copied = post(payer, count=3)
    payer.move_row(payer.key_of(moved), account="2420", to="3090")
    payer.remove_voucher(payer.key_of(removed))
    payer.copy_voucher(payer.key_of(copied))
    before = payer.reconcile_money()

    payer.empty_ledger()
    after = payer.reconcile_money()

    assert without_why(before) == without_why(after)
    assert {row.shop_id for row in before} == {moved["id"], removed["id"], copied["id"]}
    assert reasons_of(before) == {"edited_in_m3", "deleted_in_m3", "unknown"}
    assert reasons_of(after) == {"unknown"}


def test_sale_stays_equal_on_its_own_accounts_when_the_product_is_filed_elsewhere(invoicer: Clerk) -> None:
    shop = invoicer.connector.process.runtime.store(STORE).shop
    ((pan,),) = shop.products.by_sku(["PAN-28"], fields=("id", "categories")).values()
    rule = {"category": pan["categories"][0]["slug"], "account": {"account": "3020"}}
    invoices = {"credit_prefix": "W1C-", "revenue": [rule, {"account": {"account": "3010"}}]}
    invoicer.connector.configure(invoicing(invoices=invoices))
    (order,) = post(invoicer, lines=[{"sku": "PAN-28", "quantity": 2}])
    shop.products._transport.write("DELETE", f"products/{pan['id']}", params=(("force", "true"),))
    invoicer.change(order, refund={"amount": "5.00"})
    invoicer.go_on()

    assert invoicer.reconcile_money() == []
    assert invoicer.totals.facts[Fact.CREDIT] == 1
    assert invoicer.totals.accounts["3020", "EUR"].m3


def cash_on_delivery(clerk: Clerk) -> dict[str, Any]:
    """An order of four days ago, invoiced then and paid today."""
    clerk.connector.configure(invoicing(invoices={"credit_prefix": "W1C-"}))
    order = clerk.place(payment_method="cod", status="processing", saved_late_s=4 * DAY_S)
    clerk.go_on()
    paid = clerk.change(order, status="completed")
    clerk.go_on()
    return paid


@pytest.mark.parametrize("days_back", [1, 6])
def test_invoice_of_an_order_that_was_paid_later_is_found_on_its_own_day(invoicer: Clerk, days_back: int) -> None:
    order = cash_on_delivery(invoicer)

    assert order["date_paid_gmt"][:10] != order["date_created_gmt"][:10]
    assert invoicer.reconcile_money(days_back=days_back) == []
    assert invoicer.totals.facts[Fact.INVOICE] == 1


def test_days_before_the_payment_know_the_invoice_that_was_posted_then(invoicer: Clerk) -> None:
    cash_on_delivery(invoicer)
    invoicer.connector.pass_time(-2 * DAY_S)

    assert invoicer.reconcile_money(days_back=3) == []


def test_credit_of_an_order_that_was_paid_later_finds_its_invoice(invoicer: Clerk) -> None:
    order = cash_on_delivery(invoicer)
    invoicer.change(order, status="refunded", refund={"amount": order["total"]})
    invoicer.go_on()

    assert invoicer.reconcile_money(days_back=1) == []
    assert invoicer.totals.facts[Fact.CREDIT] == 1


def test_invoice_posted_before_its_order_was_paid_is_found_by_a_lost_ledger(invoicer: Clerk) -> None:
    order = cash_on_delivery(invoicer)
    invoicer.empty_ledger()
    invoicer.connector.forget()
    invoicer.connector.ask(order["id"])
    invoicer.go_on()

    assert invoicer.exchange("invoices_to_m3")["state"] == "done"
    assert len(invoicer.sandbox.m3_book()["journals"]) == 1
