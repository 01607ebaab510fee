"""What a stranger meets first: missing settings, a database without tables, keys."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from connector.vault.cipher import Cipher, generate_key
from connector.vault.keyfile import ensure_key_file
from tests.harness import Connector
from tests.integration.cli.conftest import Run


@pytest.fixture
def empty_database(database_url: str) -> str:
    """A database of the test server without any table."""
    engine = create_engine(database_url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text("DROP DATABASE IF EXISTS empty"))
        connection.execute(text("CREATE DATABASE empty"))
    engine.dispose()
    return database_url.rsplit("/", 1)[0] + "/empty"


def test_without_settings_the_way_out_is_told(tmp_path: Path) -> None:
    """In a process of its own, as a stranger runs it: no traceback."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("DATABASE", "REDIS"))}
    command = [str(Path(sys.executable).with_name("connector")), "status"]

    done = subprocess.run(
        command, capture_output=True, text=True, env={**environment, "CONNECTOR_HOME": str(tmp_path)}, cwd=tmp_path
    )

    assert done.returncode == 1
    assert "DATABASE_URL" in done.stderr
    assert "connector up" in done.stderr
    assert "Traceback" not in done.stderr


def test_what_an_ended_connector_up_left_behind_is_not_taken_for_a_running_one(tmp_path: Path, run: Run) -> None:
    ensure_key_file(tmp_path)

    said = run("status", env={"CONNECTOR_HOME": str(tmp_path), "DATABASE_URL": None, "REDIS_URL": None})

    assert said.status == 1
    assert f"no `connector up` runs in {tmp_path}" in said.flat_err
    assert "start the embedded servers with `connector up`" in said.flat_err


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("nonsense", "DATABASE_URL: it is not the URL of a PostgreSQL database"),
        ("mysql://x:word-visible@127.0.0.1/none", "DATABASE_URL: it is not the URL of a PostgreSQL database"),
        ("postgresql://x:word-visible@127.0.0.1:port/none", "DATABASE_URL is not the URL of a PostgreSQL database"),
        ("postgresql://x:word-visible@127.0.0.1:1/none", "cannot be reached"),
    ],
)
def test_a_database_that_cannot_be_used_is_told_without_its_password(run: Run, url: str, words: str) -> None:
    said = run("status", env={"DATABASE_URL": url})

    assert said.status == 1
    assert words in said.flat_err
    assert "word-visible" not in said.out + said.err


def test_a_database_without_tables_is_migrated_once(run: Run, empty_database: str) -> None:
    here: dict[str, str | None] = {"DATABASE_URL": empty_database}

    before = run("status", env=here)
    first, second = run("migrate", env=here), run("migrate", env=here)
    after = run("status", env=here)

    assert (before.status, first.status, second.status) == (1, 0, 0)
    assert "connector migrate" in before.flat_err
    assert "as it was" in second.out
    assert "Nothing is due" in after.out


def test_nothing_is_well_before_there_is_a_store(run: Run, empty_database: str) -> None:
    here: dict[str, str | None] = {"DATABASE_URL": empty_database}
    run("migrate", env=here)

    said = run("status", env=here)

    assert said.status == 1
    assert "No store is set up yet" in said.out and "connector store add" in said.out
    assert "All is well" not in said.out
    assert run("status", "--json", env=here).data["stores"] == []
    assert "no store is set up yet" in str(run("check", "--json", env=here).data)


def test_generated_keys_are_usable_and_differ(run: Run) -> None:
    first, second = run("keys", "generate").out.strip(), run("keys", "generate").out.strip()

    assert Cipher.from_keys([first, second])
    assert first != second


def test_rotating_seals_credentials_and_tokens_for_the_new_key_alone(connector: Connector, run_store: Run) -> None:
    run_store("check")  # leaves an access token
    old, new = connector.settings.secret_keys[0], generate_key()

    rotated = run_store("keys", "rotate", "--json", env={"CONNECTOR_SECRET_KEYS": f"{new},{old}"})

    with_new = run_store("check", "--json", env={"CONNECTOR_SECRET_KEYS": new})
    assert rotated.data == {"credentials": 4, "tokens": 1}
    assert with_new.status == 0
    assert run_store("check", "--json").status == 1


def test_rotating_without_the_old_key_changes_nothing(connector: Connector, run_store: Run) -> None:
    said = run_store("keys", "rotate", env={"CONNECTOR_SECRET_KEYS": generate_key()})

    assert said.status == 1
    assert "Nothing was changed" in said.flat_err
    assert run_store("check", "--json").status == 0


def test_no_key_at_all_says_how_to_make_one(run: Run) -> None:
    said = run("keys", "rotate", env={"CONNECTOR_SECRET_KEYS": None})

    assert said.status == 1
    assert "connector keys generate" in said.flat_err
