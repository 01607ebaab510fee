"""Reads the days of a reconciliation as people write them; used by `connector reconcile orders` and `money`."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta, tzinfo

from connector.errors import PermanentError
from connector.flows.reconciling.period import Period

DEFAULT_DAYS = 7
_BACK = re.compile(r"(?P<count>\d{1,4})d")
_NAMED = {"today": 0, "yesterday": 1}


def read_period(first: str | None, last: str | None, *, zone: tzinfo, now: datetime) -> Period:
    """Returns the days from the first to the last, both included.

    Args:
        first: A date, `today`, `yesterday` or days back (`7d`); None: a week before the last.
        last: The same; None: today.
        zone: The division's, in which days are counted.
        now: The present (aware).

    Raises:
        PermanentError: One is none of these, or the first is after the last.
    """
    today = now.astimezone(zone).date()
    until = today if last is None else _read_day(last, option="--to", today=today)
    since = (
        until - timedelta(days=DEFAULT_DAYS - 1) if first is None else _read_day(first, option="--from", today=today)
    )
    if since > until:
        raise PermanentError(f"--from {since} is after --to {until}.", resolution="Give the earlier day to --from.")
    return Period(since, until, zone)


def _read_day(text: str, *, option: str, today: date) -> date:
    word = text.strip().lower()
    back = _BACK.fullmatch(word)
    if back is not None or word in _NAMED:
        return today - timedelta(days=int(back["count"]) if back is not None else _NAMED[word])
    try:
        return date.fromisoformat(word)
    except ValueError:
        raise PermanentError(
            f"{option} {text!r} is no day.",
            resolution="Write a date like 2026-11-22, `today`, `yesterday`, or days back like 7d. Days are those of the "
            "division's zone (m3.timezone): M3 keeps dates, no times.",
        ) from None
