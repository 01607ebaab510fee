"""What a posting says its fact is worth. Called by postings.py and posting_strangers.py."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from connector.flows.context import StoreContext
from connector.flows.reconciling.result import Fact
from connector.money.rounding import ZERO

IN_RECEIVABLES = (Fact.INVOICE, Fact.CREDIT)


def amount_of(store: StoreContext, fact: Fact, sums: Mapping[str, Decimal], *, worth_on: str = "") -> Decimal:
    """Returns what a posting says the fact is worth: by the prepayment or the receivable, else by its debit side.

    Negative where the buyer gets money back. `worth_on` is the account of that prepayment or receivable, if it is known.
    """
    if worth_on in sums:
        return sums[worth_on] if fact in IN_RECEIVABLES else -sums[worth_on]
    payments, invoices = store.config.payments, store.config.invoices
    if payments is not None and (fact is Fact.REPAYMENT or (fact is Fact.PAYMENT and payments.has_prepayments)):
        return -sums.get(payments.liability.account, ZERO)
    if fact in IN_RECEIVABLES and invoices is not None:
        return sums.get(invoices.receivable.account, ZERO)
    return sum((amount for amount in sums.values() if amount > 0), ZERO)
