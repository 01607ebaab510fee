"""Days of a reconciliation as people write them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from connector.cli.days import read_period
from connector.errors import PermanentError

ZAGREB = ZoneInfo("Europe/Zagreb")
NOW = datetime(2026, 11, 22, 23, 30, tzinfo=UTC)  # already the 23rd in Zagreb


def test_days_are_those_of_the_division() -> None:
    period = read_period("yesterday", "today", zone=ZAGREB, now=NOW)

    assert (period.first, period.last) == (date(2026, 11, 22), date(2026, 11, 23))
    assert period.begins_at == datetime(2026, 11, 21, 23, tzinfo=UTC)
    assert period.holds(NOW)
    assert not period.holds(datetime(2026, 11, 21, 22, 59, tzinfo=UTC))


def test_a_week_is_meant_where_nothing_is_said() -> None:
    period = read_period(None, None, zone=ZAGREB, now=NOW)

    assert len(list(period.days())) == 7
    assert period.last == date(2026, 11, 23)


def test_days_back_and_dates_are_read() -> None:
    period = read_period("30d", "2026-11-20", zone=ZAGREB, now=NOW)

    assert (period.first, period.last) == (date(2026, 10, 24), date(2026, 11, 20))


@pytest.mark.parametrize(("first", "last"), [("soon", None), (None, "2026-11-22T08:00"), ("today", "yesterday")])
def test_what_is_no_day_or_backwards_is_refused(first: str | None, last: str | None) -> None:
    with pytest.raises(PermanentError):
        read_period(first, last, zone=ZAGREB, now=NOW)
