"""Reads points in time as people write them; used by `sync` and `audit export`."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from connector.errors import PermanentError

_AGO = re.compile(r"(?P<count>\d{1,6})(?P<unit>min|h|d)")
_UNITS = {"min": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}


def read_moment(text: str, *, option: str, now: datetime) -> datetime:
    """Returns the moment `text` means, in UTC.

    Args:
        text: ISO 8601 date or time (without a zone it is UTC), or a time back from now: 90min, 2h, 3d.
        option: The option it came from, for the message.
        now: The present (aware).

    Raises:
        PermanentError: It is neither.
    """
    back = _AGO.fullmatch(text.strip())
    try:
        if back is not None:
            return now - int(back["count"]) * _UNITS[back["unit"]]
        moment = datetime.fromisoformat(text.strip())
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):  # also a time before the year 1
        raise PermanentError(
            f"{option} {text!r} is no time.",
            resolution="Write 2026-11-22, 2026-11-22T08:00 (UTC), 2026-11-22T08:00+01:00, or a time back like 2h.",
        ) from None


def read_window(
    since: str | None, until: str | None, *, options: tuple[str, str], now: datetime
) -> tuple[datetime | None, datetime | None]:
    """Returns the moments between which something is wanted, in UTC; None where there is no limit.

    Args:
        since: The first, as for `read_moment`.
        until: The last.
        options: The options they came from, for the message.
        now: The present (aware).

    Raises:
        PermanentError: One is no time, or the first lies after the last: nothing could ever be found.
    """
    first, last = options
    begin = None if since is None else read_moment(since, option=first, now=now)
    end = None if until is None else read_moment(until, option=last, now=now)
    if begin is not None and end is not None and end < begin:
        raise PermanentError(f"{last} lies before {first}.", resolution="Exchange them.")
    return begin, end
