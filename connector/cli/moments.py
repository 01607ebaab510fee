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
    if back is not None:
        return now - int(back["count"]) * _UNITS[back["unit"]]
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        raise PermanentError(
            f"{option} {text!r} is no time.",
            resolution="Write 2026-11-22, 2026-11-22T08:00 (UTC), 2026-11-22T08:00+01:00, or a time back like 2h.",
        ) from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
