"""Carries a payment into M3's ledger: debit the gateway's clearing account, credit what we owe the buyer. Run by workers/base.py.

It is fired by `date_paid` of the order and by no status (cash on delivery is unpaid on its way), left by the order's own
run, and posted once. No card data is read: only the method, the total, and the fee where a plug-in writes it on the order.
"""

from __future__ import annotations

from functools import partial

from connector.accounting.payments import PaymentsConfig
from connector.flows import tenure
from connector.flows.books import owning, posting
from connector.flows.books.keys import book_day, epoch_of, key_of, text_of
from connector.flows.books.sheet import Sheet, sums_by_account
from connector.flows.context import Run
from connector.flows.orders import adopting
from connector.flows.orders.dates import currency_decimals
from connector.flows.orders.source import fetch
from connector.flows.outcome import Done
from connector.ledger.succession import is_set_aside
from connector.ledger.tables import DocumentState
from connector.m3.programs.gls840mi import JOURNAL
from connector.m3.values import day_text, number_text
from connector.money.journal import Journal
from connector.money.payment_journal import payment_journal
from connector.money.sums import check_currency
from connector.woocommerce.models import Order

LETTER = "P"
DESCRIPTION = "Payments of the web shop"


def run(run: Run) -> Done:
    """Posts the payment of one order, or goes on with its batch.

    Raises:
        ConnectorError: See errors.py and books/posting.py.
    """
    config = run.store.config.payments
    if config is None:
        return Done("payments are not carried")
    if is_set_aside(run.claim.business_key):
        return owning.finish_set_aside(run)
    order = fetch(run)
    if order is not None:
        owning.require_own(run, order)
    document = run.claim.live_document
    if document is not None and document.state is DocumentState.CONFIRMED:
        posting.see_again(run, document)
        return Done(f"posted as {document.final_number}")
    reason = why_nothing(order)
    if order is None or order.date_paid_gmt is None or reason:
        return Done(reason)
    held = tenure.require(run)
    is_forgotten = held is not None and held.may_be_forgotten(order.created_at)
    voucher = posting.post(
        run,
        partial(make_sheet, run, order, config),
        may_be_known=is_forgotten or adopting.may_be_known(run, created_at=order.date_paid_gmt, is_marked=False),
    )
    return Done(f"posted as {voucher}")


def why_nothing(order: Order | None) -> str:
    """Says why there is nothing to post, or nothing."""
    if order is None:
        return "the order does not exist in the shop any more"
    if order.date_paid_gmt is None:
        return "not paid"
    return "" if order.total else "nothing was to be paid"


def make_sheet(run: Run, order: Order, config: PaymentsConfig, version: int) -> Sheet:
    """Returns everything that will be sent, proved in memory.

    Raises:
        MappingError: An account, the fee or an open day is missing; nothing was written.
        AmountsDifferError: The amounts do not add up.
    """
    assert order.date_paid_gmt is not None, "only what is paid is posted"
    decimals = currency_decimals(run, order.currency).amounts
    check_currency(order, decimals=decimals)
    journal = payment_journal(order, config=config, decimals=decimals)
    day = book_day(run.store.config, order.date_paid_gmt)
    key = key_of(run.store.name, LETTER, order.id, version=version)
    common = {
        "INRI": config.identity,
        "CUCD": run.store.config.lookups.get("currency", {}).get(order.currency, order.currency),
        "ACDT": day_text(day.day),
        "VTXT": text_of(key, order),
    }
    return Sheet(
        kind=JOURNAL,
        key=key,
        epoch=epoch_of(order),
        interface=config.interface,
        description=DESCRIPTION,
        day=day.day,
        happened_on=day.happened_on,
        currency=common["CUCD"],
        expected=sums_by_account(journal),
        lines=tuple({**common, **fields} for fields in fields_of(journal)),
    )


def fields_of(journal: Journal) -> list[dict[str, str]]:
    """Returns each entry by M3's field names."""
    return [
        {
            "AIT1": one.account.account,
            **one.account.dimensions,
            "CUAM": number_text(one.amount),
            "DBCR": one.side.value,
            **({"VTCD": one.account.vat_code} if one.account.vat_code else {}),
        }
        for one in journal.entries
    ]
