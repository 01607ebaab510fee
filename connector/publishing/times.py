"""When the whole catalogue is compared with M3 each day: `publish.times` of a store file. Read by workers/pulls.py."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Annotated

from pydantic import BeforeValidator

from connector.publishing.strict import Strict


def _quoted(value: object) -> object:
    if isinstance(value, int):  # YAML reads 12:30 without quotes as the number 750
        raise ValueError('write the time in quotes, like "03:00"')
    return value


Clock = Annotated[time, BeforeValidator(_quoted)]
"""A time of the day without a zone, as "03:00"; in quotes in YAML."""


class PublishTimes(Strict):
    """Times of the day in the zone of the store (`m3.timezone`), each for what it is the name of."""

    items: Clock = time(2, 0)
    prices: Clock = time(0, 5)  # soon after the day begins on which new prices hold
    stock: Clock = time(3, 0)
    customers: Clock = time(4, 0)


def slot_of(day: date, at: time, *, zone: tzinfo) -> datetime:
    """Returns the moment, in UTC, at which the clocks of a zone first show a time of a day.

    There is one each day: a time the clocks skip counts as if they had not been put forward yet, one they show twice
    counts the first time.
    """
    return datetime.combine(day, at, tzinfo=zone).astimezone(UTC)


def latest_slot(at: time, *, zone: tzinfo, now: datetime) -> datetime:
    """Returns the last slot that is not after `now`; see `slot_of`.

    Args:
        at: The time of the day, without a zone.
        zone: Whose clocks.
        now: The present (aware).

    Returns:
        The moment, in UTC.
    """
    today = now.astimezone(zone).date()
    # Tomorrow's is never due: the date of `now` is the latest whose slot can have passed.
    slots = (slot_of(today - timedelta(days=back), at, zone=zone) for back in (0, 1))
    return next(slot for slot in slots if slot <= now)
