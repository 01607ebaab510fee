"""Pays the invoices of an order in M3's receivables with what its buyer paid in the shop, where `payments.settle` asks for it.

Run by workers/base.py; left by the order's own run once it is paid. It waits for the invoices: one batch of ARS040 then pays them
all, against the prepayment that payments_to_m3 posted, or against the gateway's clearing account. A person or a job of the site
posts the batch; it is done when M3 shows the invoices as paid.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from functools import partial

from connector.accounting.accounts import Account
from connector.accounting.payments import Against, PaymentsConfig, Settlement
from connector.errors import NeedsPersonError
from connector.flows.books import owning, posting
from connector.flows.books.discarding import payment_stays_discarded
from connector.flows.books.invoiced import Bill, bills_of
from connector.flows.books.keys import batch_number, epoch_of, on_open_day
from connector.flows.books.leaving import PAYMENTS, POOL, leave_settlement, payment_of
from connector.flows.books.left_out import left_out
from connector.flows.books.prepaid import payments_of
from connector.flows.books.sheet import Sheet
from connector.flows.context import Run
from connector.flows.orders.dates import currency_decimals
from connector.flows.outcome import Done
from connector.ledger.leaving import asked_again
from connector.ledger.succession import is_set_aside
from connector.m3.programs.ars040mi import RECEIPT
from connector.m3.values import day_text, number_text
from connector.money.payment_journal import method_of
from connector.money.rounding import ZERO
from connector.money.settling import payable, spread
from connector.money.sums import check_currency
from connector.woocommerce.models import Order

DESCRIPTION = "Payments of the web shop"


def run(run: Run) -> Done:
    """Pays the invoices of one order, or goes on with its batch.

    Raises:
        ConnectorError: See errors.py and books/posting.py.
    """
    if is_set_aside(run.claim.business_key):
        return owning.finish_set_aside(run)
    order, posted = owning.take_up(run)
    if posted is not None:
        return Done(f"paid by batch {posted.final_number}")
    discarded = payment_stays_discarded(run, order, parts=("paid",), what="the settlement")
    if discarded is not None:
        return discarded
    config = payments_of(run, int(run.claim.business_key))
    if config is None or config.settle is None:
        return Done("payments are not matched with invoices")
    if order is None or order.date_paid_gmt is None or not order.total:
        return Done("not paid, or nothing was to be paid")
    bills = bills_of(run, order)
    if not bills:
        leave_settlement(run, order)  # as it was read: it is news then that the order is again as it was told before
        return Done(f"status {order.status}: M3 has no invoice of it, nor will it have one")
    if all(one.totals.is_paid for one in bills):
        return Done(f"paid in M3 already: {_labels(bills)}")
    if config.has_prepayments:  # posted by now, unless it was paid when payments went onto invoices
        run.leave(asked_again(run.store.name, order.id, flow=PAYMENTS, pool=POOL))
    batch = posting.post(
        run,
        partial(make_sheet, run, order, config, config.settle, bills),
        made_at=order.created_at,
        happened_at=order.date_paid_gmt,
        content=payment_of(order),
    )
    return Done(f"{_labels(bills)} paid by batch {batch}")


def _labels(bills: Sequence[Bill]) -> str:
    return ", ".join(one.key.label for one in bills)


def make_sheet(
    run: Run, order: Order, config: PaymentsConfig, settle: Settlement, bills: Sequence[Bill], version: int
) -> Sheet:
    """Returns everything that will be sent, proved in memory.

    Raises:
        MappingError: The payment method has no account, the number no room, or the day is closed; nothing was written.
        NeedsPersonError: The invoices are not open for what was paid.
    """
    assert order.date_paid_gmt is not None, "only what is paid is posted"
    zone = run.store.config.m3.zone
    paid_on = order.date_paid_gmt.astimezone(zone).date()
    newest = max((one.totals.invoice_date or paid_on for one in bills), default=paid_on)
    day = on_open_day(run.store.config, max(paid_on, newest))
    currency = run.store.config.lookups.get("currency", {}).get(order.currency, order.currency)
    shares = _shares(run, order, bills, currency)
    return Sheet(
        kind=RECEIPT,
        key=batch_number(settle.series, order.id, version=version),
        epoch=epoch_of(order),
        interface=settle.batch_type,
        description=DESCRIPTION,
        day=day.day,
        happened_on=day.happened_on,
        currency=currency,
        expected={one.key.label: one.totals.paid + share for one, share in shares},
        lines=tuple(
            _line(
                one, share, currency=currency, paid_on=paid_on, settle=settle, account=account_of(order, config, settle)
            )
            for one, share in shares
        ),
    )


def _shares(run: Run, order: Order, bills: Sequence[Bill], currency: str) -> list[tuple[Bill, Decimal]]:
    """Returns what each invoice is paid; together what the buyer paid and was not given back before it was invoiced."""
    decimals = currency_decimals(run, order.currency).amounts
    check_currency(order, decimals=decimals)
    rows = len(order.line_items) + len(order.shipping_lines) + len(order.fee_lines)
    limit = run.store.config.money.limit_for(rows, decimals=decimals) * len(bills)
    is_open = sum((one.totals.open for one in bills), ZERO)
    refunded = -sum((one.total for one in order.refunds), ZERO)
    amounts = (order.total, order.total - left_out(run, order), order.total - refunded)
    amount = payable(amounts, is_open=is_open, limit=limit)
    if amount is None or {one.totals.currency for one in bills} != {currency}:
        stand = ", ".join(f"{one.key.label}: {one.totals.open} {one.totals.currency}" for one in bills)
        raise NeedsPersonError(
            f"The buyer paid {order.total} {currency}, {refunded} of it given back, and this is open in M3: {stand}.",
            resolution="Match the payment with the invoices in M3 by hand (ARS110), then discard this exchange; or correct what "
            "is open there, and the connector notices by itself.",
        )
    shares = spread(amount, [one.totals.open for one in bills])
    return [(one, share) for one, share in zip(bills, shares, strict=True) if share]


def account_of(order: Order, config: PaymentsConfig, settle: Settlement) -> Account:
    """Returns the account that stands against the receivable."""
    method = method_of(order, config)
    return config.liability if settle.against is Against.PREPAYMENT else method.clearing


def _line(
    bill: Bill, amount: Decimal, *, currency: str, paid_on: date, settle: Settlement, account: Account
) -> dict[str, str]:
    fields = {
        "CINO": bill.key.number,
        "INYR": bill.key.year,
        "CUNO": bill.key.customer,
        "PYNO": bill.key.payer,
        "PYAM": number_text(amount),
        "CUCD": currency,
        "LPDT": day_text(paid_on),
        "PYTP": settle.payment_type,
        "AIT1": account.account,
        **account.dimensions,
    }
    return {name: value for name, value in fields.items() if value}
