"""Brings a journal into the currency of the books, where `books.convert_to` names one. Called by the flows of the ledger."""

from __future__ import annotations

from datetime import date

from connector.flows.context import Run, StoreContext
from connector.flows.orders.dates import currency_decimals
from connector.ledger.session import OpenLedger
from connector.money.converting import converted
from connector.money.journal import Journal
from connector.money.rates import Worth, ratio, worth_on


def in_books_currency(run: Run, journal: Journal, *, day: date) -> tuple[Journal, dict[str, str]]:
    """Returns the journal as it is posted, and how it was converted; nothing of that if it was not.

    Args:
        run: This run.
        journal: In the order's currency.
        day: The day whose rate counts: that of the invoice or payment.

    Raises:
        NotYetError: M3 has no rate for the day; it is read again by itself, and people are told.
        MappingError: No rate is kept of either currency, or it is stated in a way the store file gives no meaning to.
    """
    target = run.store.config.books.convert_to
    if not target or target == journal.currency:
        return journal, {}
    decimals = currency_decimals(run, target).amounts
    return convert(run.journal.connection, run.store, journal, decimals=decimals, day=day)


def convert(
    connection: OpenLedger, store: StoreContext, journal: Journal, *, decimals: int, day: date
) -> tuple[Journal, dict[str, str]]:
    """Returns the journal in `books.convert_to`, which has `decimals`, by the rates kept for a day; see above."""
    target = store.config.books.convert_to
    source_worth, target_worth = (_worth(connection, store, currency, day) for currency in (journal.currency, target))
    ratio_of = ratio(source_worth, target_worth, source_currency=journal.currency, target_currency=target)
    made = converted(journal, ratio_of, currency=target, decimals=decimals)
    rates = [one.rate for one in (source_worth, target_worth) if one is not None]
    note = {"from": journal.currency, "total": str(journal.total), "to": target, "converted": str(made.total)}
    note |= {f"rate {one.currency}": f"{one.value} of {one.valid_from}, type {one.rate_type}" for one in rates}
    return made, note


def _worth(connection: OpenLedger, store: StoreContext, currency: str, day: date) -> Worth | None:
    """Returns what a currency is worth, None for the division's own, which has no rate."""
    config = store.config
    assert config.rates is not None, "the store file is refused without"
    if currency not in config.rates.currencies:
        return None
    return worth_on(
        connection,
        store.m3_scope,
        division=config.m3.division,
        config=config.rates,
        currency=currency,
        rate_type=config.books.rate_type,
        day=day,
    )
