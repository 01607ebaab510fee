"""The whole connector over both sandboxes, with the Procfile's own processes, for the order benches and the chaos soak."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests
from sqlalchemy import Engine, text

from connector.children import start_child, stop_child
from connector.embedded.postgres import embedded_postgres
from connector.embedded.server import EmbeddedServer
from connector.embedded.valkey import embedded_valkey
from connector.ledger.migrate import upgrade
from connector.ledger.session import open_ledger, transaction
from connector.ledger.stores import save_store
from connector.ports import free_port
from connector.processes import child_environment, read_procfile
from connector.settings import environment
from connector.vault.cipher import Cipher, generate_key
from connector.vault.credentials import CredentialName, seal_credentials

ROOT = Path(__file__).parents[1]
STORE = "bench"
SECRET = "bench-webhook-secret"
WIDE = {"requests_per_s": "10000", "concurrency": "64"}
"""The limits protect real systems; here the connector itself is measured."""


@dataclass(frozen=True)
class Stack:
    """Where everything is, and what the worker processes are."""

    shop_url: str
    m3_url: str
    ledger: Engine
    variables: dict[str, str]
    folder: Path
    postgres: EmbeddedServer
    valkey: EmbeddedServer

    def rows(self, statement: str) -> list[dict[str, Any]]:
        """Returns rows of the ledger."""
        with transaction(self.ledger) as connection:
            return [dict(row._mapping) for row in connection.execute(text(statement))]

    def place(self, count: int, **order: Any) -> list[dict[str, Any]]:
        """Places orders of which nobody is told."""
        return [
            requests.post(f"{self.shop_url}/_control/orders", json={"deliver": "never", **order}, timeout=30).json()
            for _ in range(count)
        ]

    def m3_book(self) -> dict[str, Any]:
        """Returns what M3 holds."""
        book: dict[str, Any] = requests.get(f"{self.m3_url}/_book", timeout=60).json()
        return book

    @contextmanager
    def processes(self, *names: str) -> Iterator[dict[str, subprocess.Popen[bytes]]]:
        """Runs lines of the Procfile while the block runs; their output goes to files."""
        commands = {one.name: one.command for one in read_procfile(ROOT / "Procfile")}
        variables = child_environment({**self.variables, "REMAP_SIGTERM": "SIGQUIT"})
        started: dict[str, subprocess.Popen[bytes]] = {}
        with ExitStack() as stack:
            for name in names:
                output = stack.enter_context((self.folder / f"{name}.log").open("wb"))
                started[name] = start_child(commands[name], environment=variables, folder=ROOT, output=output)
                stack.callback(stop_child, started[name], patience_s=25)
            yield started


@contextmanager
def running(
    folder: Path, *, seed: int = 1, changes: Mapping[str, str] = WIDE, keeps_messages: bool = True
) -> Iterator[Stack]:
    """Starts databases and sandboxes and adds one store.

    Args:
        folder: For the data and the logs.
        seed: Of both sandboxes.
        changes: Entries of the example store file that are set otherwise, name -> value.
        keeps_messages: False lets the broker come back empty when it was killed.
    """
    with ExitStack() as stack:
        postgres = stack.enter_context(embedded_postgres(folder / "postgres"))
        valkey = stack.enter_context(embedded_valkey(folder / "valkey", durable=keeps_messages))
        shop_url, m3_url = stack.enter_context(_sandbox(seed))
        upgrade(postgres.url)
        ledger = open_ledger(postgres.url)
        stack.callback(ledger.dispose)
        key = generate_key()
        add_store(ledger, key, shop_url=shop_url, m3_url=m3_url, changes=changes)
        variables = {
            **environment(),
            "DATABASE_URL": postgres.url,
            "REDIS_URL": valkey.url,
            "CONNECTOR_SECRET_KEYS": key,
            "CONNECTOR_CONFIG_DIR": str(ROOT / "config"),
            "CONNECTOR_HOME": str(folder),
            "CONNECTOR_LOG_LEVEL": "WARNING",
            "PORT": str(free_port()),
        }
        yield Stack(shop_url, m3_url, ledger, variables, folder, postgres, valkey)


@contextmanager
def _sandbox(seed: int) -> Iterator[tuple[str, str]]:
    ports = ("--shop-port", "0", "--m3-port", "0")
    command = [sys.executable, "-m", "sandbox", *ports, "--seed", str(seed), "--quiet-start"]
    process = start_child(command, environment=environment(), folder=ROOT, output=subprocess.PIPE)
    try:
        words = process.stdout.readline().decode().split() if process.stdout else []
        yield words[words.index("shop") + 1], words[words.index("m3") + 1]
    finally:
        stop_child(process)
        if process.stdout:
            process.stdout.close()


def add_store(
    ledger: Engine, key: str, *, shop_url: str, m3_url: str, name: str = STORE, changes: Mapping[str, str] = WIDE
) -> None:
    """Adds a store over a sandbox, with its secrets sealed by `key`; `changes` as for `running`."""
    ionapi = requests.get(f"{m3_url}/_control/ionapi", timeout=10).json()
    secrets = {
        CredentialName.WOO_KEY: "ck_sandbox",
        CredentialName.WOO_SECRET: "cs_sandbox",
        CredentialName.WEBHOOK_SECRET: SECRET,
        CredentialName.IONAPI: json.dumps(ionapi),
    }
    with transaction(ledger) as connection:
        save_store(
            connection,
            name,
            shop_url=shop_url,
            config=_config(changes),
            config_source="config/stores/example.yaml",
            sealed=seal_credentials(Cipher.from_keys([key]), secrets),
        )


def _config(changes: Mapping[str, str]) -> str:
    """Returns the example store file with a shop over plain http and the changes."""
    wanted = {"allow_plain_http": "true", **changes}
    changed = []
    for line in (ROOT / "config/stores/example.yaml").read_text(encoding="utf-8").splitlines():
        name = line.strip().partition(":")[0]
        indent = line[: len(line) - len(line.lstrip())]
        changed.append(f"{indent}{name}: {wanted[name]}" if name in wanted else line)
    return "\n".join(changed) + "\n"
