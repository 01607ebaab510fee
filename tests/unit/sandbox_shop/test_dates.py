"""The date filters of lists behave as the table of observed forms says."""

from datetime import UTC, datetime

import pytest

from sandbox.shop.dates import gmt, is_after, is_before, is_stamp, site

AT_BOUND = datetime(2026, 11, 22, 1, 48, 0, tzinfo=UTC)
LATER = AT_BOUND.replace(second=1)
AN_HOUR_EARLIER = datetime(2026, 11, 22, 0, 48, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("stamp", "is_gmt"),
    [("2026-11-22T01:48:00", True), ("2026-11-22T01:48:00Z", False), ("2026-11-22T02:48:00+01:00", False)],
)
def test_right_forms_are_exclusive_to_the_second(stamp: str, is_gmt: bool) -> None:
    assert is_after(LATER, stamp, dates_are_gmt=is_gmt)
    assert not is_after(AT_BOUND, stamp, dates_are_gmt=is_gmt)
    assert is_before(AN_HOUR_EARLIER, stamp, dates_are_gmt=is_gmt)
    assert not is_before(AT_BOUND, stamp, dates_are_gmt=is_gmt)


def test_bare_stamp_is_read_as_site_time() -> None:
    assert is_after(AN_HOUR_EARLIER, "2026-11-22T01:48:00", dates_are_gmt=False)


def test_z_together_with_dates_are_gmt_is_an_hour_late() -> None:
    assert not is_after(LATER, "2026-11-22T01:48:00Z", dates_are_gmt=True)
    assert is_after(LATER.replace(hour=2), "2026-11-22T01:48:00Z", dates_are_gmt=True)


def test_fractions_are_accepted_and_words_are_not() -> None:
    assert is_stamp("2026-11-22T01:48:00.500Z")
    assert not is_stamp("yesterday")
    assert not is_stamp("2026-13-45T01:48:00")


def test_both_columns_are_written_without_offset() -> None:
    assert (site(AT_BOUND), gmt(AT_BOUND)) == ("2026-11-22T02:48:00", "2026-11-22T01:48:00")
    assert site(None) is None
