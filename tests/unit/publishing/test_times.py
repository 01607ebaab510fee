"""When a daily job is due: one slot a day by the store's own clock, also on the days the clocks are changed."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from connector.publishing.times import PublishTimes, latest_slot

ZAGREB = ZoneInfo("Europe/Zagreb")


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("at", "now", "slot"),
    [
        ("03:00", "2026-11-22T02:00", "2026-11-22T02:00"),  # on the minute
        ("03:00", "2026-11-22T01:59", "2026-11-21T02:00"),
        ("03:00", "2026-07-22T12:00", "2026-07-22T01:00"),  # summer time
        ("00:05", "2026-11-22T23:30", "2026-11-22T23:05"),  # already the next day there
        ("02:30", "2026-03-29T12:00", "2026-03-29T01:30"),  # skipped that night: at 03:30 of the new time
        ("02:30", "2026-03-29T01:29", "2026-03-28T01:30"),
        ("02:30", "2026-10-25T12:00", "2026-10-25T00:30"),  # shown twice that night: the first time
        ("02:30", "2026-10-25T01:30", "2026-10-25T00:30"),  # the second time is no slot of its own
    ],
)
def test_latest_slot_follows_the_clocks_of_the_zone(at: str, now: str, slot: str) -> None:
    assert latest_slot(time.fromisoformat(at), zone=ZAGREB, now=utc(now)) == utc(slot)


@pytest.mark.parametrize("zone", ["Europe/Zagreb", "America/Sao_Paulo", "Australia/Lord_Howe", "Asia/Kolkata", "UTC"])
def test_every_local_day_of_a_year_has_exactly_one_slot(zone: str) -> None:
    began = utc("2026-01-02T00:00")
    moments = [began + timedelta(minutes=15 * step) for step in range(4 * 24 * 364)]

    slots = {latest_slot(time(2, 15), zone=ZoneInfo(zone), now=moment) for moment in moments}

    days = {moment.astimezone(ZoneInfo(zone)).date() for moment in slots}
    assert len(slots) == len(days)
    assert max(days) - min(days) == timedelta(days=len(days) - 1)


def test_a_time_that_yaml_took_for_a_number_is_refused_with_a_remedy() -> None:
    with pytest.raises(ValidationError, match="in quotes"):
        PublishTimes.model_validate({"items": 750})


def test_times_are_read_from_text() -> None:
    assert PublishTimes.model_validate({"stock": "04:30"}).stock == time(4, 30)
