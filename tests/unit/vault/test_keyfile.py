"""The key of an installation without CONNECTOR_SECRET_KEYS: made once, readable by its owner alone."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from connector.errors import ConfigurationError
from connector.vault.cipher import Cipher
from connector.vault.keyfile import ensure_key_file


def test_the_file_holds_a_usable_key_that_only_its_owner_may_read(tmp_path: Path) -> None:
    path = ensure_key_file(tmp_path / "home")

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert Cipher.from_keys([path.read_text().strip()]).seal(b"x")


def test_a_second_call_keeps_the_key(tmp_path: Path) -> None:
    first = ensure_key_file(tmp_path).read_text()

    assert ensure_key_file(tmp_path).read_text() == first
    assert [path.name for path in tmp_path.iterdir()] == ["secret_keys"]


def test_callers_at_the_same_time_get_the_same_key(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        keys = list(pool.map(lambda _: ensure_key_file(tmp_path).read_text(), range(16)))

    assert len(set(keys)) == 1


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(ConfigurationError) as caught:
        ensure_key_file(tmp_path / "file" / "home")

    assert "CONNECTOR_HOME" in caught.value.resolution
