"""The database stops and comes back: 503 and nothing else, then 200 again without a restart."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from connector.embedded.postgres import embedded_postgres
from connector.embedded.server import EmbeddedServer
from connector.ledger.migrate import upgrade
from connector.ledger.session import open_ledger
from tests.integration.webhook_receiver.conftest import Receiver, add_store


@pytest.fixture
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedServer]:
    with embedded_postgres(tmp_path_factory.mktemp("postgres"), durable=False) as server:
        upgrade(server.url)
        yield server


def test_503_while_the_database_is_away_and_200_again_after_it(postgres: EmbeddedServer) -> None:
    engine = open_ledger(postgres.url)
    add_store(engine)
    receiver = Receiver(engine)
    assert receiver.deliver(b'{"id":1}').status_code == 200

    postgres.kill()
    away = receiver.deliver(b'{"id":2}')
    not_ready = receiver.client.get("/readyz")
    alive = receiver.client.get("/healthz")
    postgres.start()
    back = receiver.deliver(b'{"id":3}')

    assert (away.status_code, away.data) == (503, b"")
    assert (not_ready.status_code, alive.status_code) == (503, 200)
    assert back.status_code == 200
    assert [row.resource_id for row in receiver.rows("SELECT resource_id FROM delivery ORDER BY id")] == ["1", "3"]
    engine.dispose()
