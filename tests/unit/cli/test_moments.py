"""Times as people write them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from connector.cli.moments import read_moment, read_window
from connector.errors import PermanentError

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-11-20", datetime(2026, 11, 20, tzinfo=UTC)),
        ("2026-11-20T08:30", datetime(2026, 11, 20, 8, 30, tzinfo=UTC)),
        ("2026-11-20T08:30+01:00", datetime(2026, 11, 20, 7, 30, tzinfo=UTC)),
        ("90min", datetime(2026, 11, 22, 10, 30, tzinfo=UTC)),
        ("3d", datetime(2026, 11, 19, 12, 0, tzinfo=UTC)),
    ],
)
def test_a_moment_is_read_in_utc(text: str, moment: datetime) -> None:
    assert read_moment(text, option="--since", now=NOW) == moment


def test_what_is_no_time_is_refused_with_examples() -> None:
    with pytest.raises(PermanentError) as caught:
        read_moment("yesterday", option="--since", now=NOW)

    assert "--since 'yesterday'" in caught.value.message
    assert "2026-11-22" in caught.value.resolution


@pytest.mark.parametrize("text", ["999999d", "0001-01-01T00:00+14:00"])
def test_a_time_before_the_first_year_is_refused(text: str) -> None:
    with pytest.raises(PermanentError, match="is no time"):
        read_moment(text, option="--since", now=NOW)


def test_a_window_that_ends_before_it_begins_is_refused() -> None:
    with pytest.raises(PermanentError, match="--to lies before --from"):
        read_window("2026-12-31", "2026-01-01", options=("--from", "--to"), now=NOW)


def test_a_window_may_be_open_on_either_side() -> None:
    begin, end = datetime(2026, 11, 20, tzinfo=UTC), datetime(2026, 11, 21, tzinfo=UTC)
    options = ("--from", "--to")

    assert read_window(None, "2026-11-21", options=options, now=NOW) == (None, end)
    assert read_window("2026-11-20", None, options=options, now=NOW) == (begin, None)
