"""The embedded servers: started, killed, stopped, kept, and gone with whoever started them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg2
import pytest
import redis

from connector.embedded.postgres import embedded_postgres
from connector.embedded.server import EmbeddedServer
from connector.embedded.valkey import embedded_valkey
from connector.errors import ConfigurationError
from connector.settings import environment


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("embedded")


@pytest.fixture
def postgres(folder: Path) -> Iterator[EmbeddedServer]:
    with embedded_postgres(folder / "postgres", durable=False) as server:
        yield server


@pytest.fixture
def valkey(folder: Path) -> Iterator[EmbeddedServer]:
    with embedded_valkey(folder / "valkey") as server:
        yield server


def query(server: EmbeddedServer, statement: str) -> list[tuple[object, ...]]:
    connection = psycopg2.connect(server.url.replace("+psycopg2", ""))
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute(statement)
            return list(cursor.fetchall()) if cursor.description else []
    finally:
        connection.close()


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_committed_rows_survive_kill_9_and_the_address_stays(postgres: EmbeddedServer) -> None:
    query(postgres, "CREATE TABLE IF NOT EXISTS kept AS SELECT 42 AS value")
    before = postgres.url

    postgres.kill()
    postgres.start()

    assert postgres.url == before
    assert query(postgres, "SELECT value FROM kept") == [(42,)]


def test_data_is_there_again_after_a_stop_and_a_new_start(folder: Path) -> None:
    with embedded_postgres(folder / "postgres", durable=False) as server:
        query(server, "CREATE TABLE stays AS SELECT 7 AS value")

    with embedded_postgres(folder / "postgres", durable=False) as server:
        rows = query(server, "SELECT value FROM stays")

    assert rows == [(7,)]


def test_a_connection_without_the_password_is_refused(postgres: EmbeddedServer) -> None:
    port = postgres.url.rpartition(":")[2].partition("/")[0]

    with pytest.raises(psycopg2.OperationalError, match="password"):
        psycopg2.connect(f"postgresql://connector@127.0.0.1:{port}/postgres")


def test_two_servers_run_side_by_side(postgres: EmbeddedServer, tmp_path: Path) -> None:
    with embedded_postgres(tmp_path / "other", durable=False) as other:
        assert other.url != postgres.url
        assert query(other, "SELECT 1") == query(postgres, "SELECT 1")


def test_a_folder_in_use_is_refused_with_the_servers_own_words(
    postgres: EmbeddedServer, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("connector.embedded.server.START_TIMEOUT_S", 0.3)

    with pytest.raises(ConfigurationError, match=r"postmaster\.pid"):
        embedded_postgres(folder / "postgres", durable=False)


def test_valkey_never_evicts_and_keeps_messages_over_a_restart(valkey: EmbeddedServer) -> None:
    with redis.Redis.from_url(valkey.url) as client:
        assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
        client.lpush("orders", "message")

    valkey.stop()
    valkey.start()

    with redis.Redis.from_url(valkey.url) as client:
        assert client.lrange("orders", 0, -1) == [b"message"]


def test_the_servers_password_is_not_on_its_command_line(valkey: EmbeddedServer) -> None:
    password = valkey.url.partition("//:")[2].partition("@")[0]
    command_line = Path(f"/proc/{valkey.pid}/cmdline").read_text(encoding="utf-8")

    assert password
    assert password not in command_line


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_the_server_ends_with_the_process_that_started_it(tmp_path: Path, number: signal.Signals) -> None:
    code = (
        "import sys, time; from pathlib import Path; from connector.embedded.valkey import embedded_valkey; "
        "server = embedded_valkey(Path(sys.argv[1])); sys.stdout.write(f'{server.pid}\\n'); sys.stdout.flush(); "
        "time.sleep(60)"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment(),
    )
    assert parent.stdout is not None
    with parent.stdout:
        server_pid = int(next(line for line in parent.stdout if line.strip().isdigit()))

    os.kill(parent.pid, number)
    parent.wait(timeout=60)

    deadline = time.monotonic() + 60
    while is_running(server_pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not is_running(server_pid)


def test_a_missing_wheel_says_what_to_install_or_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)

    with pytest.raises(ConfigurationError) as caught:
        embedded_postgres(tmp_path)

    assert "DATABASE_URL" in caught.value.message
    assert "[embedded]" in caught.value.resolution


@pytest.mark.parametrize("start", [embedded_postgres, embedded_valkey])
def test_a_folder_that_cannot_be_made_is_told(start: Callable[[Path], EmbeddedServer], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")

    with pytest.raises(ConfigurationError) as refused:
        start(tmp_path / "file" / "home")

    assert f"{tmp_path / 'file' / 'home'} (Not a directory)" in refused.value.message
    assert "CONNECTOR_HOME" in refused.value.resolution
