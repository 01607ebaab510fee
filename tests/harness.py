"""The connector over real servers, one exchange at a time, for integration tests: ledger, Valkey, both sandboxes."""

from __future__ import annotations

import json
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests
from sqlalchemy import Engine, text

from connector.broker import make_app
from connector.flows.polling import ask_for, poll_changed
from connector.ledger.dispatch import leave_to_sweeper, take_back_expired
from connector.ledger.leases import LEASE_S
from connector.ledger.session import transaction
from connector.ledger.steps import Journal, claim_run
from connector.ledger.stores import save_store
from connector.runtime import Runtime
from connector.settings import read_settings
from connector.vault.cipher import Cipher, generate_key
from connector.vault.credentials import CredentialName, seal_credentials
from workers.base import Ended, run_exchange
from workers.heartbeat import Heartbeat
from workers.places import Places
from workers.process import Process

ROOT = Path(__file__).parent.parent
STORE = "w1"
WEBHOOK_SECRET = "test-webhook-secret"
PATIENCE_S = 120  # against hanging
SETTLED_S = 10.0
"""More than twice the sandbox's gateway cut."""


@dataclass(frozen=True)
class Sandbox:
    """Both systems, over HTTP."""

    shop_url: str
    m3_url: str

    def reset(self, *, seed: int = 1) -> None:
        """Empties both and ends all faults."""
        for url in (self.shop_url, self.m3_url):
            self.post(f"{url}/_control/reset", {"seed": seed})

    def post(self, url: str, content: Any) -> Any:
        """Sends a control request and returns its answer."""
        return _asked("POST", url, content)

    def get(self, url: str) -> Any:
        """Reads what a control address or a book says."""
        return _asked("GET", url)

    def m3_faults(self, **faults: Any) -> None:
        """Replaces the faults of M3."""
        self.post(f"{self.m3_url}/_control/faults", faults)

    def m3_rule(self, program: str, transaction_name: str, fault: str, *, times: int = 1) -> None:
        """Lets one kind of call fail `times` times."""
        rule = {"program": program, "transaction": transaction_name, "fault": fault, "rate": 1.0, "times": times}
        self.m3_faults(rules=[rule])

    def shop_rule(self, method: str, path: str, fault: str, *, times: int = 1) -> None:
        """Lets one kind of request to the shop fail `times` times; `path` is a prefix below /wp-json/wc/v3/."""
        rule = {"method": method, "path": path, "fault": fault, "rate": 1.0, "times": times}
        self.post(f"{self.shop_url}/_control/faults", {"rules": [rule]})

    def m3_does_late_work(self) -> None:
        """Has M3 do at once what it answered 504 about, and waits until it has."""
        self.post(f"{self.m3_url}/_control/late", None)

    def shop_does_late_work(self) -> None:
        """Has the shop do at once what its web server cut off, and waits until it has."""
        self.post(f"{self.shop_url}/_control/late", None)

    def place(self, **order: Any) -> dict[str, Any]:
        """Places an order as a buyer; nothing is delivered unless asked for."""
        placed: dict[str, Any] = self.post(f"{self.shop_url}/_control/orders", {"deliver": "never", **order})
        return placed

    def advance(self, number: str, to: str, **how: Any) -> None:
        """Has M3's people take an order, or some of its lines, up to a status: 44 picked, 66 delivered, 77 invoiced."""
        self.post(f"{self.m3_url}/_control/orders/{number}/advance", {"to": to, **how})

    def m3_book(self) -> dict[str, Any]:
        """Returns everything M3 holds."""
        book: dict[str, Any] = _asked("GET", f"{self.m3_url}/_book")
        return book

    def shop_book(self) -> dict[str, Any]:
        """Returns everything the shop holds."""
        book: dict[str, Any] = _asked("GET", f"{self.shop_url}/_book")
        return book


def _asked(method: str, url: str, content: Any = None) -> Any:
    """Sends one request past the proxies of the environment, which take longer to look up than the sandbox to answer."""
    with requests.Session() as session:
        session.trust_env = False
        answer = session.request(method, url, json=content, timeout=PATIENCE_S)
    answer.raise_for_status()
    return answer.json() if answer.content else None


@contextmanager
def running_sandbox() -> Iterator[Sandbox]:
    """Starts both systems in a process of their own."""
    command = [sys.executable, "-m", "sandbox", "--shop-port", "0", "--m3-port", "0", "--quiet-start"]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        words = process.stdout.readline().split()
        yield Sandbox(shop_url=words[words.index("shop") + 1], m3_url=words[words.index("m3") + 1])
    finally:
        process.terminate()
        process.wait(timeout=PATIENCE_S)
        if process.stdout is not None:
            process.stdout.close()


class Connector:
    """One store over the sandbox, with one worker process's worth of runtime and no Celery in between."""

    def __init__(
        self, engine: Engine, *, valkey_url: str, sandbox: Sandbox, home: Path, config: Path = ROOT / "config"
    ) -> None:
        """Adds the store; `close` ends the heartbeat and connections."""
        self.engine = engine
        self.sandbox = sandbox
        key = generate_key()
        self.settings = read_settings(
            {
                "DATABASE_URL": engine.url.render_as_string(hide_password=False),
                "REDIS_URL": valkey_url,
                "CONNECTOR_SECRET_KEYS": key,
                "CONNECTOR_CONFIG_DIR": str(config),
                "CONNECTOR_HOME": str(home),
            }
        )
        self.cipher = Cipher.from_keys([key])
        self.process = Process(
            f"test:{uuid.uuid4().hex[:6]}", Runtime(self.settings), Heartbeat(), make_app(valkey_url), Places(1)
        )
        self.configure()

    def configure(self, config: str | None = None, *, name: str = STORE, ion_api_key: str | None = None) -> None:
        """Adds or changes a store of the sandbox; with a key M3 may tell it of changes."""
        ionapi = self.sandbox.get(f"{self.sandbox.m3_url}/_control/ionapi")
        secrets = {
            CredentialName.WOO_KEY: "ck_sandbox",
            CredentialName.WOO_SECRET: "cs_sandbox",
            CredentialName.WEBHOOK_SECRET: WEBHOOK_SECRET,
            CredentialName.IONAPI: json.dumps(ionapi),
        }
        if ion_api_key is not None:
            secrets[CredentialName.ION_API_KEY] = ion_api_key
        with transaction(self.engine) as connection:
            save_store(
                connection,
                name,
                shop_url=self.sandbox.shop_url,
                config=config or store_file(),
                config_source="config/stores/example.yaml",
                sealed=seal_credentials(self.cipher, secrets),
            )

    def close(self) -> None:
        """Closes what the process opened."""
        self.process.heartbeat.stop()
        self.process.runtime.close()
        self.process.places.close()

    def ask(self, *order_ids: int, store: str = STORE) -> list[int]:
        """Makes orders due and returns their exchanges."""
        return [one.exchange_id for one in ask_for(self.engine, store, order_ids=order_ids).messages]

    def poll(self) -> list[int]:
        """Polls the store and returns the exchanges that became due."""
        polled = poll_changed(self.engine, self.process.runtime.store(STORE))
        return [one.exchange_id for one in polled.messages]

    def run(self, exchange_id: int) -> Ended:
        """Runs one message."""
        return run_exchange(self.process, exchange_id)

    def run_as(self, process: Process, exchange_id: int) -> Ended:
        """Runs one message in another process's place."""
        return run_exchange(process, exchange_id)

    def claim_only(self, exchange_id: int) -> Journal:
        """Claims an exchange and does nothing yet, as a slow worker."""
        journal = claim_run(self.engine, exchange_id, worker="test:slow")
        assert journal is not None, "the exchange is not due"
        journal.commit()
        return journal

    def another_process(self, name: str) -> Process:
        """Opens a second worker over the same ledger; the caller closes its heartbeat and runtime."""
        return Process(name, Runtime(self.settings), Heartbeat(), self.process.app, self.process.places)

    def drain(self, *, most: int = 200) -> None:
        """Runs whatever is due, as the sweeper would send it, until nothing is."""
        for _ in range(most):
            due = self.rows(
                "SELECT id FROM exchange WHERE state IN ('ready','waiting','blocked') AND next_attempt_at <= ledger_now()"
                " AND coalesce(not_before <= ledger_now(), true) ORDER BY id"
            )
            if not due:
                return
            for row in due:
                self.run(row["id"])
        raise AssertionError("work is left after many runs")

    def settle(self, *, rounds: int = 12) -> None:
        """Runs until every exchange rests, moving the ledger's clock over each wait."""
        for _ in range(rounds):
            self.drain()
            if not self.rows("SELECT 1 FROM exchange WHERE state IN ('ready','waiting')"):
                return
            self.pass_time(SETTLED_S)
        raise AssertionError(f"not settled: {self.rows('SELECT id, flow, state, reason_code, reason FROM exchange')}")

    def pass_time(self, seconds: float) -> None:
        """Moves the ledger's clock forward; what the gates were told to wait for has passed too."""
        gates = list(self.process.runtime.redis.scan_iter("gate:*"))
        if gates:
            self.process.runtime.redis.delete(*gates)
        with transaction(self.engine) as connection:
            connection.execute(
                text(
                    "INSERT INTO clock_offset (id, seconds) VALUES (1, :by)"
                    " ON CONFLICT (id) DO UPDATE SET seconds = clock_offset.seconds + :by"
                ),
                {"by": seconds},
            )

    def let_lease_expire(self) -> list[int]:
        """Moves the clock past a lease and takes expired ones back, as a sweeper does that finds no broker."""
        self.pass_time(LEASE_S + 1)
        with transaction(self.engine) as connection:
            taken_back = take_back_expired(connection)
            leave_to_sweeper(connection, taken_back.exchange_ids)
            return taken_back.exchange_ids

    def set_clock_back(self) -> None:
        """Undoes `pass_time`: the ledger's clock is the machine's again."""
        with transaction(self.engine) as connection:
            connection.execute(text("DELETE FROM clock_offset"))

    def forget(self) -> None:
        """Drops what was remembered of items, currencies, clock and token of M3, so that the next order asks again."""
        with transaction(self.engine) as connection:
            connection.execute(text("DELETE FROM item"))
            connection.execute(text("DELETE FROM cursor"))
            connection.execute(text("DELETE FROM token"))
        self.process.runtime.store(STORE).remembered.clear()
        self.process.runtime.store(STORE).vouchers.clear()

    def notes(self, order_id: int) -> list[str]:
        """Returns the notes on an order that tell its number in M3."""
        held = self.process.runtime.store(STORE).shop.list_notes(order_id)
        return [str(note["note"]) for note in held if str(note["note"]).startswith("M3 order")]

    def rows(self, statement: str, **values: Any) -> list[dict[str, Any]]:
        """Returns rows of the ledger."""
        with transaction(self.engine) as connection:
            return [dict(row._mapping) for row in connection.execute(text(statement), values)]

    def exchange(self, exchange_id: int) -> dict[str, Any]:
        """Returns one exchange."""
        return self.rows("SELECT * FROM exchange WHERE id = :id", id=exchange_id)[0]


def store_file(**changes: Any) -> str:
    """Returns the example store file, for a shop over plain http; `changes` replace lines `key: value` of it."""
    content = (ROOT / "config" / "stores" / "example.yaml").read_text(encoding="utf-8")
    lines = content.splitlines()
    for key, value in {"allow_plain_http": "true", **changes}.items():
        places = [place for place, line in enumerate(lines) if line.strip().startswith(f"{key}:")]
        assert places, f"the example store file has no {key}"
        indent = lines[places[0]][: len(lines[places[0]]) - len(lines[places[0]].lstrip())]
        lines[places[0]] = f"{indent}{key}: {value}"
    return "\n".join(lines) + "\n"
