"""What one side has and the other has not, or has twice, also across the ends of the days: found without trusting the ledger."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest

from connector.flows.books.keys import key_of, text_of
from connector.flows.reconciling.compare import compare, compare_money
from connector.flows.reconciling.period import Period
from connector.flows.reconciling.result import WHOLE, Fact, Reason, Row
from connector.flows.reconciling.totals import Totals
from connector.ledger.cursors import now
from connector.ledger.session import transaction
from connector.woocommerce.models import parse_order
from tests.harness import STORE, Connector
from tests.integration.flows.books.counting_house import invoicing
from tests.integration.flows.reconciling.clerk import Clerk, reasons_of, without_why
from tests.integration.flows.refunds.desk import MUG

DAY_S = 86_400
CREDITING = {"credit_prefix": "W1C-"}


@pytest.fixture
def invoicer(connector: Connector) -> Clerk:
    """A store whose orders are invoices, and whose refunds are credits."""
    clerk = Clerk(connector, guests="common")
    connector.configure(invoicing(invoices=CREDITING))
    return clerk


def on_day(clerk: Clerk, day: date, *, how: Callable[..., Any] = compare_money) -> list[Row]:
    """Compares one day, as the daily run does; keeps the totals."""
    store = clerk.connector.process.runtime.store(STORE)
    clerk.totals = Totals()
    period = Period(day, day, store.config.m3.zone)
    rows = how(clerk.connector.engine, store, period, totals=clerk.totals)
    return [row for row in rows if row.reason not in (Reason.EQUAL, Reason.ROUNDING)]


def with_and_without_ledger(clerk: Clerk, find: Callable[[], list[Row]]) -> list[Row]:
    """Compares twice, the second time with an emptied ledger; the same is found, and nothing explains it then."""
    before = find()
    clerk.empty_ledger()
    after = find()
    assert without_why(before) == without_why(after) != set()
    assert reasons_of(after) == {"unknown"}
    return before


def test_an_order_that_was_deleted_in_the_shop_is_found_in_m3(shared: Clerk) -> None:
    order = shared.place()
    shared.go_on()
    url = f"{shared.sandbox.shop_url}/_control/orders/{order['id']}"
    shared.sandbox.post(url, {"deliver": "never", "action": "delete"})

    (row,) = with_and_without_ledger(shared, shared.reconcile)

    assert (row.shop_id, row.what, row.shop, row.m3) == (order["id"], WHOLE, None, order["total"])
    assert row.words == f"the shop has no order {order['id']}"


def test_an_order_that_m3_never_got_is_found(shared: Clerk) -> None:
    order = shared.sandbox.place(kind="guest", status="processing")

    (row,) = with_and_without_ledger(shared, shared.reconcile)

    assert (row.shop_id, row.shop, row.m3) == (order["id"], order["total"], None)


def test_an_order_doubled_on_a_later_day_is_found_on_both_days(shared: Clerk) -> None:
    order = shared.place(saved_late_s=3 * DAY_S)
    shared.go_on()
    second = shared.type_in(order, reference=shared.order_of(order)["yref"])
    placed = shared.today() - timedelta(days=3)

    (own,) = on_day(shared, placed, how=compare)
    (later,) = on_day(shared, shared.today(), how=compare)

    assert (own.reason, own.what) == (Reason.UNKNOWN, WHOLE)
    assert second in str(own.m3_number)
    assert (later.m3_number, later.what, later.shop, later.reason) == (second, "date", str(placed), Reason.UNKNOWN)
    assert not shared.totals.is_explained


def test_a_payment_posted_again_on_a_later_day_is_found_there(payer: Clerk) -> None:
    order = payer.place(saved_late_s=3 * DAY_S)
    payer.go_on()
    payer.copy_voucher(payer.key_of(order), on=payer.today())

    (row,) = with_and_without_ledger(payer, lambda: on_day(payer, payer.today()))

    assert (row.fact, row.shop_id, row.what) == (Fact.PAYMENT, order["id"], WHOLE)
    assert row.m3 == f"{order['total']}, {order['total']}"
    assert "more than once" in row.words


def test_a_payment_posted_on_another_day_is_found_on_both(payer: Clerk) -> None:
    order = payer.place(saved_late_s=3 * DAY_S)
    payer.go_on()
    payer.move_voucher(payer.key_of(order), to=payer.today())
    paid = payer.today() - timedelta(days=3)

    (missed,) = on_day(payer, paid)[-1:]
    (found,) = on_day(payer, payer.today())

    assert (missed.fact, missed.m3) == (Fact.PAYMENT, None)
    assert (found.what, found.shop, found.m3) == ("date", str(paid), str(payer.today()))
    assert found.reason is Reason.UNKNOWN


def test_a_direct_invoice_posted_twice_under_two_keys_is_found(invoicer: Clerk) -> None:
    order = invoicer.place()
    invoicer.go_on()
    second = key_of(STORE, "I", order["id"], version=2)
    invoicer.copy_voucher(invoicer.key_of(order, letter="I"), retold=text_of(second, parse_order(order)))

    (row,) = with_and_without_ledger(invoicer, invoicer.reconcile_money)

    assert (row.fact, row.shop_id, row.m3) == (Fact.INVOICE, order["id"], f"{order['total']}, {order['total']}")


def test_a_refund_that_is_a_return_and_a_credit_in_the_ledger_is_found(payer: Clerk) -> None:
    order = payer.invoiced()
    refund = payer.give_back(order, MUG, 1)
    payer.go_on()
    epoch = payer.returns()[0]["yref"].rpartition("-")[2]
    payer.copy_voucher(payer.key_of(order), retold=f"{key_of(STORE, 'C', refund, version=1)} {epoch} {order['number']}")

    (row,) = with_and_without_ledger(payer, payer.reconcile_money)

    assert (row.fact, row.shop_id, row.shop) == (Fact.CREDIT, refund, None)
    assert "asks for no credit" in row.words


def test_a_refund_that_is_a_credit_and_a_return_in_m3_is_found(connector: Connector) -> None:
    clerk = Clerk(connector, guests="common")
    older = clerk.invoiced()
    connector.configure(invoicing(invoices=CREDITING))
    order = clerk.place()
    clerk.go_on()
    refund = clerk.refund(order, "7.77")
    clerk.return_by_hand(order, refund, mugs=1, like=older)

    rows = [row for row in clerk.reconcile() if row.fact is Fact.REFUND]

    assert [(row.shop_id, row.shop, row.reason) for row in rows] == [(refund, None, Reason.UNKNOWN)]
    assert "credits refund" in rows[0].words


def before_midnight(clerk: Clerk, seconds: float) -> None:
    """Lets the shop live so long before the midnight of its M3 division that is over; less than none is after it."""
    zone = clerk.connector.process.runtime.store(STORE).config.m3.zone
    with transaction(clerk.connector.engine) as connection:
        moment = now(connection)
    midnight = datetime.combine(clerk.today(), time(), tzinfo=zone)
    offset = (midnight - moment).total_seconds() - seconds
    clerk.sandbox.post(f"{clerk.sandbox.shop_url}/_control/clock", {"offset_s": offset})


@pytest.mark.parametrize("kind", ["payer", "invoicer"])
def test_each_side_of_midnight_is_a_day_of_the_division(kind: str, request: pytest.FixtureRequest) -> None:
    clerk: Clerk = request.getfixturevalue(kind)
    before_midnight(clerk, 30)
    late = clerk.place()
    before_midnight(clerk, -30)
    early = clerk.place()
    clerk.go_on()
    yesterday, today = clerk.today() - timedelta(days=1), clerk.today()

    assert (on_day(clerk, yesterday), totals_of(clerk)) == ([], {(yesterday, late["total"])})
    assert (on_day(clerk, today), totals_of(clerk)) == ([], {(today, early["total"])})


def totals_of(clerk: Clerk) -> set[tuple[date, str]]:
    return {(day, str(one.shop)) for (day, _, _), one in clerk.totals.days.items()}
