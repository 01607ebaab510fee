"""Reads the exchange rates a store needs from M3 into the ledger. Called by workers/rates.py once a day, and by `connector rates`.

One request for all days since the last reading, so that days nobody was there for have their rates too; of a day before that the
flows of the ledger ask for a rate they miss.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from connector.errors import ConfigurationError
from connector.flows.context import Run, StoreContext
from connector.ledger.cursors import move_cursor, now, read_cursor
from connector.ledger.rates import CURSOR, StoredRate, keep_rates, rate_on
from connector.ledger.session import Ledger, transaction
from connector.m3.programs import crs055mi
from connector.money.rates import is_too_old, missing_rate
from connector.stores.rates import RatesConfig

Pair = tuple[str, int]
"""A currency and a rate type."""

MOST_DAYS = 31
"""Of a longer absence only the last days are made up for; an exchange that needs an older one waits and says so."""


@dataclass(frozen=True)
class RatesRead:
    """What a reading found."""

    days: int
    rates: tuple[StoredRate, ...]


def _needed(store: StoreContext) -> RatesConfig:
    """Returns `rates` of the store file.

    Raises:
        ConfigurationError: The store needs no rates.
    """
    if store.config.rates is None:
        raise ConfigurationError(
            f"Store {store.name} reads no exchange rates.",
            resolution="Add `rates` to its file; config/stores/example.yaml shows the form.",
        )
    return store.config.rates


def read_rates(ledger: Ledger, store: StoreContext) -> RatesRead:
    """Reads the rates that hold on each day since the last reading, today included, and keeps them.

    A site may answer with the rates of the very day alone. So where no rate is known that may be used today, as at the first
    reading on a Sunday, M3 is asked for the days before as well.

    Raises:
        NotYetError: A currency has no rate for today. M3 was asked for those of the others, so their money goes on.
        ConnectorError: M3 or the ledger is away, or M3 refuses.
    """
    config = _needed(store)
    with transaction(ledger) as connection:
        today = now(connection).astimezone(store.config.m3.zone).date()
        last = read_cursor(connection, store.name, name=CURSOR)
    days = _days(date.fromisoformat(last) if last else today, today)
    pairs = [(currency, rate_type) for currency in config.currencies for rate_type in config.types]
    rates = _read(ledger, store, pairs, days=days)
    before = [today - timedelta(days=number) for number in range(config.oldest_days, 0, -1)]
    lacking = [pair for pair, _ in _lacking(ledger, store, pairs, today)]
    if lacking and before:
        rates += _read(ledger, store, lacking, days=before)
    with transaction(ledger) as connection:
        move_cursor(connection, store.name, name=CURSOR, value=today.isoformat())
    for (currency, rate_type), newest in _lacking(ledger, store, lacking, today):
        raise missing_rate(currency, rate_type=rate_type, day=today, newest=newest)
    return RatesRead(len(days), rates)


def _read(
    ledger: Ledger, store: StoreContext, pairs: Sequence[Pair], *, days: Sequence[date]
) -> tuple[StoredRate, ...]:
    rates = _ask(store, pairs, days=days)
    with transaction(ledger) as connection:
        keep_rates(connection, store.m3_scope, division=store.config.m3.division, rates=rates)
    return rates


def _lacking(
    ledger: Ledger, store: StoreContext, pairs: Sequence[Pair], today: date
) -> list[tuple[Pair, StoredRate | None]]:
    """Returns the currencies and types without a rate that may be used today, each with the newest there is."""
    config, scope, division = _needed(store), store.m3_scope, store.config.m3.division
    with transaction(ledger) as connection:
        newest = {
            (currency, rate_type): rate_on(
                connection, scope, division=division, currency=currency, rate_type=rate_type, day=today
            )
            for currency, rate_type in pairs
        }
    return [(pair, one) for pair, one in newest.items() if one is None or is_too_old(one, day=today, config=config)]


def read_left_behind(run: Run, currencies: Sequence[str], *, rate_type: int, day: date) -> None:
    """Reads rates of a day that the daily reading has left behind, if one is missing: M3 may have got it since.

    Of the last day it read, and of later ones, that reading asks again itself.

    Raises:
        RetryableError: M3 cannot be asked now.
    """
    store, connection = run.store, run.journal.connection
    last, config = read_cursor(connection, store.name, name=CURSOR), _needed(store)
    if last is None or day >= date.fromisoformat(last):
        return
    scope, division = store.m3_scope, store.config.m3.division
    kept = [
        rate_on(connection, scope, division=division, currency=one, rate_type=rate_type, day=day) for one in currencies
    ]
    if all(one is not None and not is_too_old(one, day=day, config=config) for one in kept):
        return
    run.journal.pause()
    rates = _ask(store, [(one, rate_type) for one in currencies], days=[day])
    keep_rates(run.journal.connection, scope, division=division, rates=rates)


def _ask(store: StoreContext, pairs: Sequence[Pair], *, days: Sequence[date]) -> tuple[StoredRate, ...]:
    calls = [
        crs055mi.select_rate(currency, division=store.config.m3.division, rate_type=rate_type, day=day)
        for currency, rate_type in pairs
        for day in days
    ]
    return _ours(store, [row for answer in store.m3.read(calls) for row in crs055mi.read_rates(answer)])


def _days(last: date, today: date) -> list[date]:
    """The last day read is read again: M3 may have got its rate later that day."""
    first = max(min(last, today), today - timedelta(days=MOST_DAYS - 1))
    return [first + timedelta(days=number) for number in range((today - first).days + 1)]


def _ours(store: StoreContext, rows: list[crs055mi.RateRow]) -> tuple[StoredRate, ...]:
    """Returns each rate once; one of the store's division counts before one of the whole company."""
    found: dict[tuple[str, str, int, date], StoredRate] = {}
    for row in sorted(rows, key=lambda one: one.division != ""):
        if row.division in ("", store.config.m3.division):
            rate = StoredRate(
                currency=row.currency,
                local_currency=row.local_currency,
                rate_type=row.rate_type,
                valid_from=row.valid_from,
                value=row.value,
                method=row.method,
                factor=row.factor,
            )
            found[rate.currency, rate.local_currency, rate.rate_type, rate.valid_from] = rate
    return tuple(found.values())
