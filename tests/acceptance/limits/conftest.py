"""A receiver of its own with servers of its own, since these tests take the servers away."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from urllib.parse import urlsplit

import pytest
import redis
from sqlalchemy import Engine, text

from connector.embedded.postgres import embedded_postgres
from connector.embedded.server import EmbeddedServer
from connector.embedded.valkey import embedded_valkey
from connector.ledger.migrate import upgrade
from connector.ledger.session import open_ledger, transaction
from connector.ledger.stores import save_store
from connector.vault.cipher import Cipher, generate_key
from tests.integration.webhook_receiver.conftest import SECRET, STORE, sign
from tests.integration.webhook_receiver.serving import Server, serving

KEY = generate_key()


@dataclass(frozen=True)
class Answered:
    """How a delivery was answered: HTTP status (0 if the connection ended without one) and how long it took."""

    status: int
    took_s: float


@dataclass(frozen=True)
class Receiver:
    """gunicorn as the Procfile runs it, with the servers behind it."""

    web: Server
    postgres: EmbeddedServer
    valkey: EmbeddedServer
    ledger: Engine

    def deliver(self, number: int) -> Answered:
        """Delivers order `number`, signed."""
        body = f'{{"id":{number}}}'.encode()
        headers = ("Content-Type: application/json", "X-WC-Webhook-Topic: order.updated")
        began = monotonic()
        try:
            answer = self.web.post(body, *headers, f"X-WC-Webhook-Signature: {sign(body)}")
        except OSError:
            answer = None
        return Answered(answer.status if answer else 0, monotonic() - began)

    def deliver_many(self, numbers: Sequence[int], *, at_once: int = 12) -> list[Answered]:
        """Delivers from several connections at once; the answers are in the order of `numbers`."""
        with ThreadPoolExecutor(at_once) as pool:
            return list(pool.map(self.deliver, numbers))

    def stored(self) -> set[int]:
        """Returns the orders the ledger knows."""
        self.ledger.dispose()  # its connections may be from before a restart
        with self.ledger.connect() as connection:
            return {int(one) for one in connection.execute(text("SELECT business_key FROM exchange")).scalars()}

    def messages(self) -> int:
        """Returns how many messages wait in the queue of the orders."""
        with redis.Redis.from_url(self.valkey.url) as client:
            return int(client.llen("orders"))  # type: ignore[arg-type]  # the synchronous client returns a number

    def valkey_port(self) -> int:
        """Returns the port of the broker."""
        return _port(self.valkey)

    def postgres_port(self) -> int:
        """Returns the port of the database."""
        return _port(self.postgres)


def _port(server: EmbeddedServer) -> int:
    port = urlsplit(server.url).port
    assert port is not None
    return port


@pytest.fixture(scope="module")
def receiver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Receiver]:
    """One receiver with one store, for the tests of a module."""
    folder = tmp_path_factory.mktemp("limits")
    with (
        embedded_postgres(folder / "postgres", durable=False) as postgres,
        embedded_valkey(folder / "valkey", durable=False) as valkey,
    ):
        upgrade(postgres.url)
        ledger = open_ledger(postgres.url)
        with transaction(ledger) as connection:
            sealed = {"webhook_secret": Cipher.from_keys([KEY]).seal(SECRET.encode())}
            save_store(
                connection, STORE, shop_url="https://shop.example", config="{}", config_source="test", sealed=sealed
            )
        variables = {"DATABASE_URL": postgres.url, "REDIS_URL": valkey.url, "CONNECTOR_SECRET_KEYS": KEY}
        with serving(_folder(folder), variables) as web:
            yield Receiver(web, postgres, valkey, ledger)
        ledger.dispose()


def _folder(parent: Path) -> Path:
    made = parent / "web"
    made.mkdir()
    return made
