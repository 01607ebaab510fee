"""What a person is told whose environment cannot be used: each variable, in words, and never a value that may be a secret."""

from __future__ import annotations

from pathlib import Path

import pytest

from connector.errors import ConfigurationError
from connector.logs import configure_logs
from connector.settings import read_settings

DATABASE, BROKER = "postgresql://me:word-visible@db/x", "redis://:word-visible@broker/0"


@pytest.fixture(autouse=True)
def _nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DATABASE_URL", "REDIS_URL", "CONNECTOR_SECRET_KEYS", "CONNECTOR_KEEP_DAYS"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(f"{name}_FILE", raising=False)


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("DATABASE_URL", "mysql://me:word-visible@db/x", "DATABASE_URL: it is not the URL of a PostgreSQL database"),
        ("DATABASE_URL", "word-visible", "DATABASE_URL: it is not the URL of a PostgreSQL database"),
        ("REDIS_URL", "http://:word-visible@broker", "REDIS_URL: it is not the URL of Redis or Valkey"),
        ("CONNECTOR_KEEP_DAYS", "7", "CONNECTOR_KEEP_DAYS: at least 30 days"),
        ("CONNECTOR_LOG_LEVEL", "LOUD", "CONNECTOR_LOG_LEVEL: there is no such level, only NOTSET"),
    ],
)
def test_a_wrong_value_is_named_and_not_shown(name: str, value: str, words: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        read_settings({"DATABASE_URL": DATABASE, "REDIS_URL": BROKER, name: value})

    assert words in refused.value.message
    assert "word-visible" not in refused.value.message


@pytest.mark.parametrize("name", ["DATABASE_URL", "CONNECTOR_SECRET_KEYS"])
def test_a_file_that_cannot_be_read_is_told_and_no_missing_value(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str
) -> None:
    monkeypatch.setenv(f"{name}_FILE", str(tmp_path / "none"))
    others = {"DATABASE_URL": DATABASE, "REDIS_URL": BROKER}

    with pytest.raises(ConfigurationError) as refused:
        read_settings({one: value for one, value in others.items() if one != name})

    assert (
        f"{name}: {tmp_path / 'none'}, which {name}_FILE names, cannot be read (No such file" in refused.value.message
    )
    assert "it is not set" not in refused.value.message


def test_a_value_is_taken_from_its_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "url").write_text(f"{BROKER}\n", encoding="utf-8")
    monkeypatch.setenv("REDIS_URL_FILE", str(tmp_path / "url"))

    assert read_settings({"DATABASE_URL": DATABASE}).redis_url == BROKER


def test_a_level_of_the_log_that_does_not_exist_is_refused_with_those_there_are() -> None:
    with pytest.raises(ConfigurationError, match="CONNECTOR_LOG_LEVEL: there is no such level, only NOTSET"):
        configure_logs("LOUD")
