"""Dates by the M3 server and the decimals of a currency: read from M3 rarely and remembered in the ledger."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from connector.flows.context import Run
from connector.ledger.cursors import move_cursor, read_cursor
from connector.m3.programs import crs055mi, mms200mi

CLOCK = "m3_clock"
REMEMBERED_FOR = timedelta(hours=6)
CONFIRMED_WITHIN = timedelta(minutes=15)
"""So long after it was planned a batch order may still be confirmed: a run of ten minutes at most, then twice the settle time."""


@dataclass(frozen=True)
class CurrencyDecimals:
    """Decimals of amounts (DCCD) and of prices (NPRD) in a currency."""

    amounts: int
    prices: int


def delivery_date(run: Run, *, lead_days: int, working_days: Sequence[int]) -> date:
    """Returns the first working day at least `lead_days` from today that will not be past before M3 has confirmed it.

    M3 refuses a batch order whose delivery date is past, at each of its steps (WDL0701): of what is begun at the end of a
    day, the day is over by then.

    Args:
        run: This run.
        lead_days: Added to today.
        working_days: ISO weekday numbers; none: every day is one.
    """
    day = max(server_date(run) + timedelta(days=lead_days), server_date(run, ahead=CONFIRMED_WITHIN))
    return next_working_day(day, working_days=working_days)


def next_working_day(day: date, *, working_days: Sequence[int]) -> date:
    """Returns a day if it is a working day (ISO weekday numbers; none: every day is one), else the next one."""
    while working_days and day.isoweekday() not in working_days:
        day += timedelta(days=1)
    return day


def server_date(run: Run, *, ahead: timedelta = timedelta()) -> date:
    """Returns the date on the M3 server, from its distance to the ledger's clock as last read (at most 6 h ago).

    Args:
        run: This run.
        ahead: Of the present; none: today.

    Source: GetServerTime, which exists in every program.
    """
    kept = _recall(run, CLOCK)
    if kept is None:
        run.journal.pause()
        time = mms200mi.read_server_time(run.store.m3.read([mms200mi.get_server_time()])[0])
        local = datetime.strptime(f"{time.date:%Y%m%d}{time.time.zfill(6)}", "%Y%m%d%H%M%S")  # noqa: DTZ007
        kept = {"ahead_s": round((local - run.claim.now.replace(tzinfo=None)).total_seconds())}
        _remember(run, CLOCK, kept)
    return (run.claim.now + timedelta(seconds=kept["ahead_s"]) + ahead).date()


def currency_decimals(run: Run, currency: str) -> CurrencyDecimals:
    """Returns the decimals of a currency as M3 has them.

    Source: CRS055MI/GetBasicData.

    Raises:
        M3RejectedError: M3 does not know the currency.
    """
    name = f"currency:{currency}"
    kept = _recall(run, name)
    if kept is None:
        run.journal.pause()
        found = crs055mi.read_currency(run.store.m3.read([crs055mi.get_currency(currency)])[0])
        kept = {"amounts": found.decimals, "prices": found.price_decimals}
        _remember(run, name, kept)
    return CurrencyDecimals(kept["amounts"], kept["prices"])


def _recall(run: Run, name: str) -> dict[str, int] | None:
    text = run.store.remembered.get(name) or read_cursor(run.journal.connection, run.store.name, name=name)
    kept = json.loads(text) if text else None
    if text is None or kept is None or run.claim.now - datetime.fromisoformat(kept["at"]) > REMEMBERED_FOR:
        run.store.remembered.pop(name, None)
        return None
    run.store.remembered[name] = text
    return {key: value for key, value in kept.items() if key != "at"}


def _remember(run: Run, name: str, values: dict[str, int]) -> None:
    text = json.dumps({**values, "at": run.claim.now.isoformat()})
    move_cursor(run.journal.connection, run.store.name, name=name, value=text)
