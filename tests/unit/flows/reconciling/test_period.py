"""The days of a comparison are those of the division: months, leap days and changes of the clock make no gap and no overlap."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from connector.flows.reconciling.period import Period

ZAGREB = ZoneInfo("Europe/Zagreb")
SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("day", "begins", "ends"),
    [
        (date(2026, 11, 30), "2026-11-29T23:00:00", "2026-11-30T23:00:00"),  # the last of a month, in winter
        (date(2026, 7, 31), "2026-07-30T22:00:00", "2026-07-31T22:00:00"),
        (date(2026, 3, 29), "2026-03-28T23:00:00", "2026-03-29T22:00:00"),  # 23 hours
        (date(2026, 10, 25), "2026-10-24T22:00:00", "2026-10-25T23:00:00"),  # 25 hours
        (date(2028, 2, 29), "2028-02-28T23:00:00", "2028-02-29T23:00:00"),
    ],
)
def test_a_day_holds_each_second_of_it_and_no_other(day: date, begins: str, ends: str) -> None:
    period = Period(day, day, ZAGREB)
    first, after = (datetime.fromisoformat(text).replace(tzinfo=UTC) for text in (begins, ends))

    assert period.begins_at == first
    assert [period.holds(moment) for moment in (first - SECOND, first, after - SECOND, after)] == [
        *(False, True),
        *(True, False),
    ]


def test_days_go_on_over_the_end_of_a_month_and_a_year() -> None:
    period = Period(date(2026, 12, 30), date(2027, 1, 2), ZAGREB)

    assert [day.day for day in period.days()] == [30, 31, 1, 2]
    assert not period.has_day(None)
