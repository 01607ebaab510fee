"""Credits a directly invoiced order for a refund of the shop: a credit invoice in M3's ledger. Run by workers/base.py.

Left by the refund's own run in stores whose orders are `carried_as: invoice` and that name an `invoices.credit_prefix`; elsewhere a
person credits. The accounts are those the sale went to.
"""

from __future__ import annotations

from functools import partial

from connector.accounting.invoices import InvoicesConfig
from connector.errors import MissingDependencyError, NeedsPersonError
from connector.flows.books import refunded
from connector.flows.books.invoice_lines import categories_of, invoice_sheet
from connector.flows.books.keys import epoch_of_refund
from connector.flows.books.leaving import INVOICES
from connector.flows.books.refunded import Refunded, Words
from connector.flows.books.sheet import Sheet
from connector.flows.context import Run
from connector.flows.orders.customer import find_number
from connector.flows.orders.dates import currency_decimals
from connector.flows.outcome import Done
from connector.flows.refunds.noticing import ids_of
from connector.flows.refunds.reading import take_back
from connector.ledger import discards
from connector.ledger.claims import DocumentRecord
from connector.ledger.posted import find_posted_batch, may_be_posted_yet
from connector.money.credit_journal import credit_journal
from connector.stores.orders import OrderAction
from connector.woocommerce.models import Order

LETTER = "C"
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
    invoice = _invoice(run, what.order)
    if invoice is None:
        return Done(f"status {what.order.status}: the order is not invoiced, so there is nothing to credit")
    customer = invoice.cuno or find_number(run, what.order)
    voucher = refunded.post(run, what, partial(make_sheet, run, what, config, customer))
    return Done(f"credit {config.credit_of(what.refund.id)} posted as {voucher}")


def _invoice(run: Run, order: Order) -> DocumentRecord | None:
    """Returns the posted invoice; None if there will be none.

    What was begun of it is finished whatever the order is meanwhile, so a refund of all of it, which ends in a status that
    is not invoiced, waits for that too.

    Raises:
        MissingDependencyError: It is on its way.
        NeedsPersonError: A person settled it without the connector.
    """
    key, connection = str(ids_of(run.claim.business_key)[0]), run.journal.connection
    is_under_way = may_be_posted_yet(connection, run.store.name, flow=INVOICES, business_key=key)
    posted = find_posted_batch(connection, run.store.name, flow=INVOICES, business_key=key)
    if posted is not None:
        return posted
    by_hand = discards.find(connection, run.store.name, flow=INVOICES, business_key=key)
    if by_hand is not None:
        raise NeedsPersonError(
            f"A person settled the invoice of order {key} without the connector, and the order is refunded now. {by_hand.words}",
            resolution="If the invoice was entered in M3 by hand, credit it there by hand; then discard this exchange.",
        )
    if not is_under_way and run.store.config.orders.action(order.status) is not OrderAction.CONFIRM:
        return None
    raise MissingDependencyError(
        f"The invoice of order {key} is not posted yet.",
        kind="posted_invoice",
        key=f"{run.store.name}/{key}",
        resolution="Nothing to do: the refund goes on by itself when the invoice is posted.",
    )


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
