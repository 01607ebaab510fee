"""How an order is paid in M3's ledgers where the store file says it otherwise today.

Called by the flows of payments and by reconciling. `payments.settle.against` says whether a payment is posted at once, as a
prepayment, or onto the invoices alone, and may be changed while orders are under way. What is posted or decided of an order goes on
as it was: its invoices are paid with the prepayment if there is one, on the account where it stands, else with the gateway's.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from connector.accounting.accounts import DIMENSIONS, Account
from connector.accounting.payments import Against, PaymentsConfig
from connector.flows.books.sheet import Sheet
from connector.flows.context import Run
from connector.ledger.paid import PaidSo, read_paid


def payments_of(run: Run, order_id: int) -> PaymentsConfig | None:
    """Returns `payments` of the store file as they are for one order; None if the store file has none."""
    config = run.store.config.payments
    if config is None:
        return None
    return as_paid(config, read_paid(run.journal.connection, run.store.name, [order_id])[order_id])


def as_paid(config: PaymentsConfig, paid: PaidSo) -> PaymentsConfig:
    """Returns `payments` of the store file as they are for an order."""
    if paid.payment is not None:
        liability = _prepayment_in(paid.payment)
        return _onto_invoices(config) if liability is None else _prepaid(config, liability)
    if paid.settlement is None:
        return _onto_invoices(config) if paid.is_onto_invoice else config
    account = _account_of(Sheet.from_json(paid.settlement["sheet"]).lines[0])
    is_clearing = account in [_posted_as(one.clearing) for one in config.methods.values()]
    return _onto_invoices(config) if is_clearing else config


def _prepayment_in(payment: Mapping[str, Any]) -> Account | None:
    """Returns the account on which a payment stands until its invoices are paid; None if nothing but a fee was posted."""
    sheet = Sheet.from_json(payment["sheet"])
    paid, against = sheet.lines[:2]  # as payment_journal makes them: a fee is never the whole payment
    is_whole = Decimal(paid["CUAM"]) == Decimal(payment["content"]["total"]) == Decimal(against["CUAM"])
    # Books of one currency pay no invoices in their own.
    return _account_of(against) if is_whole or sheet.conversion else None


def _account_of(line: Mapping[str, str]) -> Account:
    return Account(account=line["AIT1"], dimensions={name: line[name] for name in DIMENSIONS if line.get(name)})


def _posted_as(account: Account) -> Account:
    return account.model_copy(update={"vat_code": ""})


def _prepaid(config: PaymentsConfig, liability: Account) -> PaymentsConfig:
    settle = None if config.settle is None else config.settle.model_copy(update={"against": Against.PREPAYMENT})
    is_same = liability == _posted_as(config.liability)
    return config.model_copy(update={"settle": settle, "liability": config.liability if is_same else liability})


def _onto_invoices(config: PaymentsConfig) -> PaymentsConfig:
    if config.settle is None:  # they are not paid by the connector any more
        return config
    return config.model_copy(update={"settle": config.settle.model_copy(update={"against": Against.CLEARING})})
