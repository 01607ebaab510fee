"""Credits a directly invoiced order for a refund of the shop: a credit invoice in M3's ledger. Run by workers/base.py.

Left by the refund's own run in stores whose orders are `carried_as: invoice` and that name an `invoices.credit_prefix`; elsewhere a
person credits, who is told of one that was left while the store file still named it. It takes back what the invoice posted, on its
accounts and at its rate, whatever the shop's order is now.
"""

from __future__ import annotations

from functools import partial

from connector.accounting.invoices import InvoicesConfig
from connector.errors import NeedsPersonError
from connector.flows.books import refunded
from connector.flows.books.carried import is_direct
from connector.flows.books.invoice_lines import invoice_sheet, sold_of
from connector.flows.books.invoiced import direct_invoice
from connector.flows.books.keys import book_day, epoch_of_refund
from connector.flows.books.leaving import pass_by
from connector.flows.books.refunded import Refunded, Words
from connector.flows.books.sheet import Sheet
from connector.flows.context import Run
from connector.flows.orders.customer import find_number
from connector.flows.outcome import Done
from connector.ledger.document_records import DocumentRecord

LETTER = "C"
BY_HAND = "If the invoice was entered in M3 by hand, credit it there by hand; then discard this exchange."
DELETED = Words("the credit", "its credit is", "Charge the buyer anew in M3 if the credit shall not stand")


def run(run: Run) -> Done:
    """Posts the credit of one refund, or goes on with its batch.

    Raises:
        NeedsPersonError: The store file does not say any more how to credit.
        ConnectorError: See errors.py, books/refunded.py and books/posting.py.
    """
    what = refunded.take_up(run, DELETED)
    if isinstance(what, Done):
        return what
    if not what.refund.amount:
        return Done("a refund of 0.00: nothing to credit")
    if not is_direct(run, what.order.id):
        return Done("its order is no invoice: the refund is carried as that of a customer order")
    invoice = direct_invoice(run, what.order, remedy=BY_HAND)
    if invoice is None:
        pass_by(run, what.refund)
        return Done(f"status {what.order.status}: the order is not invoiced, so there is nothing to credit")
    config = run.store.config.invoices
    if config is None or not config.credit_prefix:
        raise NeedsPersonError(
            f"Refund {what.refund.id} of {what.refund.amount} {what.order.currency} is not credited, and the store file does not "
            f"say any more how. Its invoice is posted as {invoice.final_number}.",
            resolution="Credit this refund in M3 by hand, then discard this exchange. To have the connector do it, put "
            "invoices.credit_prefix back into the store file, give it to `connector store add`, then release the exchange.",
        )
    voucher = refunded.post(run, what, partial(make_sheet, run, what, config, invoice))
    return Done(f"credit {config.credit_of(what.refund.id)} posted as {voucher}")


def make_sheet(run: Run, what: Refunded, config: InvoicesConfig, invoice: DocumentRecord, version: int) -> Sheet:
    """Returns everything that will be sent, proved in memory.

    Raises:
        MappingError: An account, a place in the layout or an open day is missing; nothing was written.
        AmountsDifferError: It takes back more than was invoiced and is left, or does not add up.
    """
    order, refund = what.order, what.refund
    sold = sold_of(run, invoice, order, config)
    return invoice_sheet(
        run,
        order,
        sold.credit(refund, what.found.earlier, run.store.config.money),
        letter=LETTER,
        document_id=refund.id,
        epoch=epoch_of_refund(order, refund),
        number=config.credit_of(refund.id),
        customer=invoice.cuno or find_number(run, order),
        day=book_day(run.store.config, refund.date_created_gmt or order.created_at),
        conversion={} if sold.into is None else {"from": sold.into.source, "to": sold.into.target, **sold.into.rates},
        version=version,
    )
