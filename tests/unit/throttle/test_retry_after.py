"""The Retry-After header."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from connector.throttle.retry_after import retry_after_s


@pytest.mark.parametrize(("header", "seconds"), [("7", 7.0), (" 0 ", 0.0), ("999999", 3600.0)])
def test_seconds_are_taken_up_to_an_hour(header: str, seconds: float) -> None:
    assert retry_after_s(header) == seconds


def test_a_date_gives_the_time_until_then() -> None:
    at = format_datetime(datetime.now(UTC) + timedelta(seconds=30), usegmt=True)

    assert 25 < retry_after_s(at) <= 30


def test_a_date_that_has_passed_needs_no_wait() -> None:
    assert retry_after_s(format_datetime(datetime.now(UTC) - timedelta(hours=1), usegmt=True)) == 0.0


@pytest.mark.parametrize("header", [None, "", "soon", "-5", "1.5", "²"])
def test_a_missing_or_unreadable_header_gives_the_default(header: str | None) -> None:
    assert retry_after_s(header, default_s=2.0) == 2.0
