"""Credits a directly invoiced order for a refund of the shop: a credit invoice in M3's ledger. Run by workers/base.py.

Left by the refund's own run in stores whose orders are `carried_as: invoice` and that name an `invoices.credit_prefix`; elsewhere a
person credits. The accounts are those the sale went to.
"""

from __future__ import annotations

from functools import partial

from connector.accounting.invoices import InvoicesConfig
from connector.flows.books import refunded
from connector.flows.books.invoice_lines import categories_of, invoice_sheet
from connector.flows.books.invoiced import direct_invoice
from connector.flows.books.keys import epoch_of_refund
from connector.flows.books.leaving import pass_by
from connector.flows.books.refunded import Refunded, Words
from connector.flows.books.sheet import Sheet
from connector.flows.context import Run
from connector.flows.orders.customer import find_number
from connector.flows.orders.dates import currency_decimals
from connector.flows.outcome import Done
from connector.flows.refunds.reading import take_back
from connector.money.credit_journal import credit_journal

LETTER = "C"
BY_HAND = "If the invoice was entered in M3 by hand, credit it there by hand; then discard this exchange."
DELETED = Words("the credit", "its credit is", "Charge the buyer anew in M3 if the credit shall not stand")


def run(run: Run) -> Done:
    """Posts the credit of one refund, or goes on with its batch.

    Raises:
        ConnectorError: See errors.py, books/refunded.py and books/posting.py.
    """
    what = refunded.take_up(run, DELETED)
    if isinstance(what, Done):
        return what
    config = run.store.config.invoices
    if config is None or not config.credit_prefix:
        return Done("direct invoices are credited by a person")
    if not what.refund.amount:
        return Done("a refund of 0.00: nothing to credit")
    invoice = direct_invoice(run, what.order, remedy=BY_HAND)
    if invoice is None:
        pass_by(run, what.refund)
        return Done(f"status {what.order.status}: the order is not invoiced, so there is nothing to credit")
    customer = invoice.cuno or find_number(run, what.order)
    voucher = refunded.post(run, what, partial(make_sheet, run, what, config, customer))
    return Done(f"credit {config.credit_of(what.refund.id)} posted as {voucher}")


def make_sheet(run: Run, what: Refunded, config: InvoicesConfig, customer: str, version: int) -> Sheet:
    """Returns everything that will be sent, proved in memory.

    Raises:
        MappingError: An account, a place in the layout or an open day is missing; nothing was written.
        AmountsDifferError: It takes back more than was sold and is left, or does not add up.
    """
    order, refund = what.order, what.refund
    decimals = currency_decimals(run, order.currency).amounts
    journal = credit_journal(
        order,
        take_back(run, what.found, decimals=decimals),
        config=config,
        money=run.store.config.money,
        categories=categories_of(run, order, config),
        decimals=decimals,
    )
    return invoice_sheet(
        run,
        order,
        journal,
        letter=LETTER,
        document_id=refund.id,
        epoch=epoch_of_refund(order, refund),
        number=config.credit_of(refund.id),
        customer=customer,
        moment=refund.date_created_gmt or order.created_at,
        version=version,
    )
