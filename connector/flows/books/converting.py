"""Brings a journal into the currency of the books, where `books.convert_to` names one. Called by the flows of the ledger."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from connector.flows.context import Run, StoreContext
from connector.flows.orders.dates import currency_decimals
from connector.flows.rates import read_left_behind
from connector.ledger.kept import known
from connector.ledger.session import OpenLedger
from connector.money.converting import converted
from connector.money.journal import Journal
from connector.money.rates import Ratio, Worth, ratio, worth_on


@dataclass(frozen=True)
class IntoBooks:
    """How amounts of a currency become those of the books; kept with what is posted, where its refunds have to come out alike."""

    source: str
    target: str
    decimals: int  # of the target
    ratio: Ratio
    rates: Mapping[str, str] = field(default_factory=dict)  # for people: which rates of M3 it comes from

    def __call__(self, journal: Journal) -> Journal:
        """Returns the journal in the currency of the books."""
        return converted(journal, self.ratio, currency=self.target, decimals=self.decimals)

    def note(self, before: Journal, after: Journal) -> dict[str, str]:
        """Returns what the audit trail says of it."""
        sums = {"from": self.source, "total": str(before.total), "to": self.target, "converted": str(after.total)}
        return {**sums, **self.rates}

    def to_json(self) -> dict[str, Any]:
        """Returns what a document keeps of it."""
        return {**asdict(self), "ratio": [str(self.ratio.numerator), str(self.ratio.denominator)]}

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> IntoBooks:
        """Reads what `to_json` gave."""
        return cls(**{**known(cls, kept), "ratio": Ratio(*map(Decimal, kept["ratio"]))})


def into_books(run: Run, currency: str, *, day: date) -> IntoBooks | None:
    """Returns how a currency is converted on a day; None if it is not.

    Raises:
        NotYetError: M3 has no rate for the day; it is read again by itself, and people are told.
        RetryableError: M3 cannot be asked for one now.
        MappingError: No rate is kept of either currency, or it is stated in a way the store file gives no meaning to.
    """
    target = run.store.config.books.convert_to
    if not target or target == currency:
        return None
    decimals = currency_decimals(run, target).amounts
    rated = [one for one in (currency, target) if run.store.config.rates and one in run.store.config.rates.currencies]
    read_left_behind(run, rated, rate_type=run.store.config.books.rate_type, day=day)
    return kept_rate(run.journal.connection, run.store, currency, decimals=decimals, day=day)


def kept_rate(connection: OpenLedger, store: StoreContext, currency: str, *, decimals: int, day: date) -> IntoBooks:
    """Returns how a currency becomes `books.convert_to`, which has `decimals`, by the rates kept for a day; see above."""
    target = store.config.books.convert_to
    source_worth, target_worth = (_worth(connection, store, one, day) for one in (currency, target))
    rates = [one.rate for one in (source_worth, target_worth) if one is not None]
    return IntoBooks(
        source=currency,
        target=target,
        decimals=decimals,
        ratio=ratio(source_worth, target_worth, source_currency=currency, target_currency=target),
        rates={f"rate {one.currency}": f"{one.value} of {one.valid_from}, type {one.rate_type}" for one in rates},
    )


def _worth(connection: OpenLedger, store: StoreContext, currency: str, day: date) -> Worth | None:
    """Returns what a currency is worth, None for the division's own, which has no rate."""
    config = store.config
    assert config.rates is not None, "the store file is refused without"
    if currency not in config.rates.currencies:
        return None
    return worth_on(
        connection,
        store.m3_scope,
        store=store.name,
        division=config.m3.division,
        config=config.rates,
        currency=currency,
        rate_type=config.books.rate_type,
        day=day,
        zone=config.m3.zone,
    )
