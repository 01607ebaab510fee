"""What `connector status` makes of the places the ledger keeps."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from connector.cli.status import read_up_to


@pytest.fixture(autouse=True)
def _ahead_of_utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A machine whose clock shows an hour more than UTC."""
    with monkeypatch.context() as zone:
        zone.setenv("TZ", "CET-1")
        time.tzset()
        yield
    time.tzset()


@pytest.mark.parametrize(
    ("kept", "words"),
    [
        ("1796006122813", "2026-11-30 02:35:22 UTC"),
        ("2026-11-30T02:35:22.529798+00:00", "2026-11-30 02:35:22 UTC"),
        ("2026-11-30T03:35:22+01:00", "2026-11-30 02:35:22 UTC"),
        ("2026-11-30T02:35:22", "2026-11-30 02:35:22 UTC"),
        ("20261130", "2026-11-30"),
        ("2026-11-30", "2026-11-30"),
        ("12345678", "12345678"),
        ("read", "read"),
        ("0", "0"),
        ("", ""),
    ],
)
def test_how_far_a_poll_has_read_is_a_time_where_it_is_one(kept: str, words: str) -> None:
    assert read_up_to(kept) == words
