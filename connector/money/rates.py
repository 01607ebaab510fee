"""What an exchange rate of M3 means: which one holds on a day, and what an amount is in another currency. For flows that convert.

A rate says what a currency is worth in the division's own. Nothing is guessed: a rate that is missing, too old, or stated in a
way nobody gave a meaning holds the money (money-and-stock section 10).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from decimal import Decimal, localcontext

from connector.errors import MappingError, NotYetError
from connector.ledger.cursors import now
from connector.ledger.rates import StoredRate, rate_on, was_read
from connector.ledger.session import OpenLedger
from connector.publishing.times import slot_of
from connector.stores.rates import RatesConfig

MULTIPLY, DIVIDE = 1, 2
"""DMCU: the local amount is amount x rate, or amount / rate."""
JOB_S = 60.0
"""So long after their time the rates of a day may be read."""
LONGEST_PAUSE_S = 900.0
"""Between two looks; the store file may name an earlier time meanwhile."""
_DIGITS = 40


@dataclass(frozen=True)
class Worth:
    """What one unit of a currency is worth in the division's own, as a fraction, with the rate it comes from."""

    numerator: Decimal
    denominator: Decimal
    rate: StoredRate


def worth_on(
    connection: OpenLedger,
    m3_scope: str,
    *,
    store: str,
    division: str,
    config: RatesConfig,
    currency: str,
    rate_type: int,
    day: date,
    zone: tzinfo,
) -> Worth:
    """Returns what a currency is worth on a day.

    Until M3 was asked at the day's own time (`rates.at`, by the clocks of `zone`), the rate of a day before counts for none:
    what is posted in the morning would have another rate than what is posted at noon. A site may answer with the rates of the
    very day alone, so of a day without one M3 states nothing again: what counts is that the store has read them.

    Raises:
        NotYetError: M3 has stated no rate for the day, or only one that is too old, or was not asked yet; it is read again by
            itself.
        MappingError: The rate is stated in a way the store file gives no meaning to.
    """
    found = rate_on(connection, m3_scope, division=division, currency=currency, rate_type=rate_type, day=day)
    if found is None or is_too_old(found, day=day, config=config):
        raise missing_rate(currency, rate_type=rate_type, day=day, newest=found)
    asked_at = slot_of(day, config.at, zone=zone)
    is_known = found.valid_from == day or _is_stated(found, since=asked_at)
    if not is_known and not was_read(connection, store, day=day, since=asked_at):
        raise _not_asked(found, day=day, config=config, left_s=(asked_at - now(connection)).total_seconds())
    return worth_of(found, factors=config.factors)


def is_too_old(rate: StoredRate, *, day: date, config: RatesConfig) -> bool:
    """Tells whether a rate may not be used any more on a day."""
    return rate.valid_from < day - timedelta(days=config.oldest_days)


def _is_stated(rate: StoredRate, *, since: datetime) -> bool:
    """Tells whether M3 has stated a rate, or stated it again, at a moment or later."""
    return rate.read_at is not None and rate.read_at >= since


def _not_asked(rate: StoredRate, *, day: date, config: RatesConfig, left_s: float) -> NotYetError:
    return NotYetError(
        f"M3 was not asked yet for the rates of {day}, which are read at {config.at:%H:%M}; that of {rate.currency} of "
        f"{rate.valid_from} may not be the one of that day.",
        retry_after_s=min(max(left_s, 0) + JOB_S, LONGEST_PAUSE_S),
        resolution="Nothing to do: it goes on by itself when they are read. If M3 has the rates of a day earlier, set rates.at of "
        "the store file."
        if left_s > -LONGEST_PAUSE_S
        else "`connector rates read` says what keeps them from being read. It goes on by itself when all are.",
    )


def missing_rate(currency: str, *, rate_type: int, day: date, newest: StoredRate | None) -> NotYetError:
    """Returns the error that says so, and what to do."""
    there_is = f"the newest is of {newest.valid_from}" if newest else "there is none at all"
    return NotYetError(
        f"M3 has no rate of type {rate_type} for {currency} on {day}; {there_is}.",
        resolution=f"Enter the rate in M3 (CRS058). If {newest.valid_from} is right for that day, raise rates.oldest_days. "
        "It is read again by itself."
        if newest
        else "Enter the rate in M3 (CRS058), or correct rates.currencies and rates.types of the store file. It is read "
        "again by itself.",
    )


def worth_of(rate: StoredRate, *, factors: Mapping[int, Decimal]) -> Worth:
    """Returns what one unit of a rate's currency is worth.

    Args:
        rate: As M3 states it.
        factors: RAFA -> for how many units a rate is stated (`rates.factors` of the store file).

    Raises:
        MappingError: DMCU or RAFA has no meaning here.
    """
    units = factors.get(rate.factor)
    if units is None:
        raise MappingError(
            f"The rate of {rate.currency} has the rate factor {rate.factor} (RAFA), of which nobody said for how many units "
            "it stands.",
            resolution=f"Look at the currency in CRS055 and add `{rate.factor}: <units>` to rates.factors of the store file.",
        )
    if rate.method == MULTIPLY:
        return Worth(rate.value, units, rate)
    if rate.method == DIVIDE and units == 1:
        return Worth(Decimal(1), rate.value, rate)
    raise MappingError(
        f"The rate of {rate.currency} has the conversion method {rate.method} (DMCU) with the rate factor {rate.factor}; "
        "only 1 (multiply), and 2 (divide) for one unit, are understood.",
        resolution="Use another rate type for this currency, whose rates are stated so, in rates.types of the store file.",
    )


@dataclass(frozen=True)
class Ratio:
    """What turns an amount of one currency into one of another; a fraction, so that nothing is rounded on the way."""

    numerator: Decimal
    denominator: Decimal

    def __call__(self, amount: Decimal) -> Decimal:
        """Returns the amount in the other currency, not rounded to its decimals."""
        with localcontext() as exact:
            exact.prec = _DIGITS
            return amount * self.numerator / self.denominator


def ratio(source: Worth | None, target: Worth | None, *, source_currency: str, target_currency: str) -> Ratio:
    """Returns what turns an amount of one currency into one of the other, not rounded.

    Args:
        source: What the one is worth; None if it is the division's own.
        target: The same of the other.
        source_currency: The one.
        target_currency: The other.

    Raises:
        MappingError: The two are not stated in the same currency, or no rate is kept of either.
    """
    locals_of = {
        source.rate.local_currency if source else source_currency,
        target.rate.local_currency if target else target_currency,
    }
    if len(locals_of) > 1:
        raise MappingError(
            f"The rates kept do not lead from {source_currency} to {target_currency}.",
            rule="rates.currencies",
            field="CUCD",
            resolution="List under rates.currencies of the store file every currency that is not the division's own, and no "
            "other; then release.",
        )
    return Ratio(
        numerator=(source.numerator if source else 1) * (target.denominator if target else Decimal(1)),
        denominator=(source.denominator if source else 1) * (target.numerator if target else Decimal(1)),
    )
