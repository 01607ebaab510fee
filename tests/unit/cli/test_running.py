"""A command in another terminal finds what `connector up` started."""

from __future__ import annotations

from pathlib import Path

from connector.cli.running import addresses_of_running


def _leave_servers(home: Path) -> None:
    (home / "postgres" / "data").mkdir(parents=True)
    (home / "postgres" / "password").write_text("pg-word")
    (home / "postgres" / "data" / "postmaster.pid").write_text("12\n/data\n1700000000\n5433\n\n127.0.0.1\n 1\nready\n")
    (home / "valkey").mkdir()
    (home / "valkey" / "valkey.conf").write_text("bind 127.0.0.1\nport 6380\nrequirepass vk-word\n")
    (home / "secret_keys").write_text("the-key\n")


def test_addresses_and_key_come_from_the_home_folder(tmp_path: Path) -> None:
    _leave_servers(tmp_path)

    found = addresses_of_running({"CONNECTOR_HOME": str(tmp_path)})

    assert found == {
        "DATABASE_URL": "postgresql+psycopg2://connector:pg-word@127.0.0.1:5433/postgres",
        "REDIS_URL": "redis://:vk-word@127.0.0.1:6380/0",
        "CONNECTOR_SECRET_KEYS": "the-key",
    }


def test_what_the_environment_sets_is_left_alone(tmp_path: Path) -> None:
    _leave_servers(tmp_path)

    found = addresses_of_running({"CONNECTOR_HOME": str(tmp_path), "DATABASE_URL": "x", "REDIS_URL_FILE": "/run/redis"})

    assert set(found) == {"CONNECTOR_SECRET_KEYS"}


def test_an_empty_home_gives_nothing(tmp_path: Path) -> None:
    assert addresses_of_running({"CONNECTOR_HOME": str(tmp_path)}) == {}
