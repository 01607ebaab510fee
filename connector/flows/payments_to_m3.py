"""Carries a payment into M3's ledger: debit the gateway's clearing account, credit what we owe the buyer. Run by workers/base.py.

It is fired by `date_paid` of the order and by no status (cash on delivery is unpaid on its way), left by the order's own
run, and posted once. No card data is read: only the method, the total, and the fee where a plug-in writes it on the order.
"""

from __future__ import annotations

from functools import partial

from connector.accounting.payments import PaymentsConfig
from connector.errors import PermanentError
from connector.flows import acceptance
from connector.flows.acceptance import Shown
from connector.flows.books import owning, posting
from connector.flows.books.discarding import payment_stays_discarded
from connector.flows.books.journal_sheet import Subject, journal_sheet
from connector.flows.books.keys import epoch_of
from connector.flows.books.leaving import payment_of
from connector.flows.books.prepaid import payments_of
from connector.flows.books.sheet import Sheet
from connector.flows.context import Run
from connector.flows.orders.dates import currency_decimals
from connector.flows.outcome import Done
from connector.ledger.document_records import DocumentRecord
from connector.ledger.paid import ONTO_INVOICE, ONTO_INVOICE_REASON
from connector.ledger.succession import is_set_aside
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
    if is_set_aside(run.claim.business_key):
        return owning.finish_set_aside(run)
    order, posted = owning.take_up(run)
    if posted is not None:
        return compare_posted(run, posted, order)
    discarded = payment_stays_discarded(run, order, parts=("paid", "method", "total", "currency"), what="the payment")
    if discarded is not None:
        return discarded
    config = payments_of(run, int(run.claim.business_key))
    if config is None:
        return Done("payments are not carried")
    reason = why_nothing(order)
    if order is None or order.date_paid_gmt is None or reason:
        return Done(reason)
    journal = journal_of(run, order, config)
    if not journal.entries:
        return Done(ONTO_INVOICE_REASON, code=ONTO_INVOICE)
    voucher = posting.post(
        run,
        partial(make_sheet, run, order, config, journal),
        made_at=order.created_at,
        happened_at=order.date_paid_gmt,
        content=payment_of(order),
    )
    return Done(f"posted as {voucher}")


def compare_posted(run: Run, document: DocumentRecord, order: Order | None) -> Done:
    """Settles a payment that is posted. Another total of the order, or its end, takes nothing of it back; a refund does.

    Raises:
        PermanentError: The shop says now that it was paid otherwise than what was posted.
    """
    said = f"posted as {document.final_number}"
    accepted = acceptance.accepted_of(document)
    before = document.plan["content"] if accepted is None else accepted.content
    after = before if order is None else payment_of(order)
    changed = sorted(key for key in before.keys() & after.keys() if before[key] != after[key])
    if not changed:
        return Done(said)
    run.journal.audit(
        "changed after posting",
        system="shop",
        key=document.final_number or "",
        before={key: before[key] for key in changed},
        after={key: after[key] for key in changed},
    )
    if changed == ["total"]:
        return Done(f"{said}: {before['total']} were paid, the order is {after['total']} now")
    acceptance.show(run, document, Shown(after, ends=False))
    raise PermanentError(
        f"The payment is {said}, and the shop has changed its {', '.join(changed)} since.",
        resolution=f"`connector exchanges show {run.claim.exchange_id}` shows both sides. Correct the voucher in M3 if it "
        "shall not stand as it is, then discard this exchange.",
    )


def why_nothing(order: Order | None) -> str:
    """Says why there is nothing to post, or nothing."""
    if order is None:
        return "the order does not exist in the shop any more"
    if order.date_paid_gmt is None:
        return "not paid"
    return "" if order.total else "nothing was to be paid"


def journal_of(run: Run, order: Order, config: PaymentsConfig) -> Journal:
    """Returns what is posted, proved.

    Raises:
        MappingError: An account or the fee is missing.
        AmountsDifferError: The amounts do not add up.
    """
    decimals = currency_decimals(run, order.currency).amounts
    check_currency(order, decimals=decimals)
    return payment_journal(order, config=config, decimals=decimals)


def make_sheet(run: Run, order: Order, config: PaymentsConfig, journal: Journal, version: int) -> Sheet:
    """Returns everything that will be sent.

    Raises:
        MappingError: The day is closed; nothing was written.
        NotYetError: M3 has no rate for the day.
    """
    assert order.date_paid_gmt is not None, "only what is paid is posted"
    subject = Subject(
        letter=LETTER,
        document_id=order.id,
        epoch=epoch_of(order),
        moment=order.date_paid_gmt,
        description=DESCRIPTION,
    )
    return journal_sheet(run, order, journal, subject=subject, config=config, version=version)
