"""M3's clock against ours."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from connector.cli.checks.m3_site import clock_difference
from connector.m3.programs.mms200mi import ServerTime

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("time", "milliseconds", "seconds"),
    [
        ("120000", int(NOW.timestamp() * 1000) + 5000, 5),  # the stamp is exact
        ("130100", 0, 60),  # no stamp: an hour ahead is another zone, the minute is not
        ("115900", 123, -60),  # a stamp that counts something else
    ],
)
def test_zones_are_told_from_wrong_clocks(time: str, milliseconds: int, seconds: int) -> None:
    moment = ServerTime(date(2026, 11, 22), time, milliseconds)

    assert clock_difference(moment, now=NOW).total_seconds() == seconds
