"""What `connector status` makes of the places the ledger keeps."""

from __future__ import annotations

import pytest

from connector.cli.status import read_up_to


@pytest.mark.parametrize(
    ("kept", "words"),
    [
        ("1796006122813", "2026-11-30 02:35:22 UTC"),
        ("2026-11-30T02:35:22.529798+00:00", "2026-11-30 02:35:22 UTC"),
        ("2026-11-30T03:35:22+01:00", "2026-11-30 02:35:22 UTC"),
        ("20261130", "2026-11-30"),
        ("12345678", "12345678"),
        ("read", "read"),
        ("0", "0"),
        ("", ""),
    ],
)
def test_how_far_a_poll_has_read_is_a_time_where_it_is_one(kept: str, words: str) -> None:
    assert read_up_to(kept) == words
