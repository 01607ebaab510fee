"""Carries what a gateway gave back into M3's ledger: the reverse entry of a payment, once for each refund. Run by workers/base.py.

The shop says of a refund whether its gateway paid it back (`refunded_payment`); what a person pays back by hand is booked with the
bank statement. With `payments.settle.against: clearing` only what M3 credits is posted (books/repaid.py). What M3 credits for the
goods is the refund's own flow (refunds_to_m3), which leaves this one.
"""

from __future__ import annotations

from decimal import Decimal
from functools import partial

from connector.accounting.payments import PaymentsConfig
from connector.errors import PermanentError
from connector.flows.books import refunded
from connector.flows.books.journal_sheet import Subject, journal_sheet
from connector.flows.books.keys import epoch_of_refund
from connector.flows.books.leaving import pass_by
from connector.flows.books.prepaid import payments_of
from connector.flows.books.refunded import Refunded, Words
from connector.flows.books.repaid import amount_of
from connector.flows.books.sheet import Sheet
from connector.flows.context import Run
from connector.flows.orders.dates import currency_decimals
from connector.flows.outcome import Done
from connector.money.payment_journal import repayment_journal
from connector.money.sums import check_currency

LETTER = "R"
DESCRIPTION = "Repayments of the web shop"
DELETED = Words(
    "the repayment",
    "what the gateway paid back is",
    "Ask the payment provider whether the buyer got the money. If not, reverse the voucher in M3",
)


def run(run: Run) -> Done:
    """Posts the repayment of one refund, or goes on with its batch.

    Raises:
        ConnectorError: See errors.py, books/refunded.py and books/posting.py.
    """
    what = refunded.take_up(run, DELETED)
    if isinstance(what, Done):
        return what
    config = payments_of(run, what.order.id)
    if config is None:
        return Done("payments are not carried")
    if config.has_prepayments and not what.refund.refunded_payment:
        return Done("the gateway did not pay it back")
    if not what.refund.amount:
        return Done("nothing was paid back")
    _require_rest(what)
    amount = amount_of(run, what, config)
    if not amount:
        pass_by(run, what.refund)
        return Done(
            "nothing to post: M3's invoice is paid without what the gateway paid back, or nothing was paid on one"
        )
    voucher = refunded.post(run, what, partial(make_sheet, run, what, amount, config))
    return Done(f"posted as {voucher}")


def _require_rest(what: Refunded) -> None:
    order, refund = what.order, what.refund
    before = sum(one.amount for one in what.found.earlier)
    if before + refund.amount > order.total:
        raise PermanentError(
            f"Refund {refund.id} of {refund.amount} with {before} before it is more than was paid ({order.total}).",
            resolution="Correct the refunds in the shop, or enter it in M3 by hand; then discard this exchange.",
        )


def make_sheet(run: Run, what: Refunded, amount: Decimal, config: PaymentsConfig, version: int) -> Sheet:
    """Returns everything that will be sent, proved in memory.

    Args:
        run: This run.
        what: The refund.
        amount: What the gateway owes us less because of it; negative: more.
        config: The accounts.
        version: That of the batch.

    Raises:
        MappingError: The payment method has no account, or the day is closed; nothing was written.
        AmountsDifferError: The amount has more decimals than its currency.
        NotYetError: M3 has no rate for the day.
    """
    order, refund = what.order, what.refund
    decimals = currency_decimals(run, order.currency).amounts
    check_currency(order, decimals=decimals)
    journal = repayment_journal(order, amount, config=config, decimals=decimals)
    subject = Subject(
        letter=LETTER,
        document_id=refund.id,
        epoch=epoch_of_refund(order, refund),
        moment=refund.date_created_gmt or order.created_at,
        description=DESCRIPTION,
    )
    return journal_sheet(run, order, journal, subject=subject, config=config, version=version)
