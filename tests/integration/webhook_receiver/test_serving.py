"""The receiver under gunicorn as the Procfile runs it: processes, sockets, broker."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
from sqlalchemy import Engine, Row, text

from connector.embedded.server import EmbeddedServer
from connector.embedded.valkey import embedded_valkey
from connector.ledger.session import transaction
from connector.ledger.stores import save_store
from connector.vault.cipher import Cipher, generate_key
from tests.integration.webhook_receiver.conftest import SECRET, STORE, sign
from tests.integration.webhook_receiver.serving import Server, head, serving, until

KEY = generate_key()


@pytest.fixture(scope="module")
def valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedServer]:
    with embedded_valkey(tmp_path_factory.mktemp("valkey")) as server:
        yield server


@pytest.fixture(scope="module")
def web(database_url: str, valkey: EmbeddedServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    variables = {"DATABASE_URL": database_url, "REDIS_URL": valkey.url, "CONNECTOR_SECRET_KEYS": KEY}
    with serving(tmp_path_factory.mktemp("web"), variables) as server:
        yield server


@pytest.fixture(autouse=True)
def ledger(engine: Engine) -> Engine:
    with transaction(engine) as connection:
        sealed = {"webhook_secret": Cipher.from_keys([KEY]).seal(SECRET.encode())}
        save_store(connection, STORE, shop_url="https://shop.example", config="{}", config_source="test", sealed=sealed)
    return engine


def order(number: int) -> bytes:
    return f'{{"id":{number}}}'.encode()


def signed(body: bytes) -> list[str]:
    return [
        "Content-Type: application/json",
        "X-WC-Webhook-Topic: order.updated",
        f"X-WC-Webhook-Signature: {sign(body)}",
    ]


def deliver(web: Server, body: bytes) -> int:
    answer = web.post(body, *signed(body))
    assert answer is not None
    return answer.status


def deliveries(engine: Engine) -> list[Row[Any]]:
    with engine.connect() as connection:
        return list(connection.execute(text("SELECT * FROM delivery ORDER BY id")))


def messages(valkey: EmbeddedServer) -> int:
    with redis.Redis.from_url(valkey.url) as client:
        return int(client.llen("orders"))  # type: ignore[arg-type]  # the synchronous client returns a number


def test_a_delivery_is_stored_and_its_number_sent_to_the_pool(
    web: Server, ledger: Engine, valkey: EmbeddedServer
) -> None:
    before = messages(valkey)

    assert deliver(web, order(1001)) == 200

    assert [row.resource_id for row in deliveries(ledger)] == ["1001"]
    until(lambda: messages(valkey) == before + 1)


def test_with_the_broker_away_the_answer_is_200_and_the_message_goes_out_later(
    web: Server, ledger: Engine, valkey: EmbeddedServer
) -> None:
    before = messages(valkey)
    valkey.stop()

    statuses = [deliver(web, order(number)) for number in range(2001, 2006)]

    ready = web.get("/readyz")
    valkey.start()
    assert statuses == [200] * 5
    assert len(deliveries(ledger)) == 5
    assert ready is not None
    assert (ready.status, b"degraded" in ready.body) == (200, True)
    until(lambda: messages(valkey) == before + 5)


def test_a_chunked_body_is_verified_and_stored(web: Server, ledger: Engine) -> None:
    body = b'{"id":3001,"note":"' + b"x" * 5000 + b'"}'
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (body[:7], body[7:100], body[100:]))

    answer = web.talk(head(*signed(body), "Transfer-Encoding: chunked") + chunks + b"0\r\n\r\n")

    assert answer is not None
    assert answer.status == 200
    assert bytes(deliveries(ledger)[0].body) == body


@pytest.mark.parametrize(
    ("headers", "sent"),
    [
        (["Content-Length: 11"], b'{"id"'),
        (["Content-Length: 5"], b'{"id":4001}'),
        (["Content-Length: -5"], b'{"id":4001}'),
        (["Content-Length: ten"], b'{"id":4001}'),
        (["Content-Length: 11", "Content-Length: 12"], b'{"id":4001}'),
        (["Content-Length: 11", "Transfer-Encoding: chunked"], b'{"id":4001}'),
        (["Transfer-Encoding: chunked"], b"zz\r\nnonsense"),
        (["Transfer-Encoding: chunked"], b"ffffffffffff\r\nx"),
        (["Transfer-Encoding: rot13"], b'{"id":4001}'),
    ],
    ids=lambda value: "+".join(value)[:50] if isinstance(value, list) else "",
)
def test_a_body_that_lies_about_its_length_is_refused_and_the_receiver_goes_on(
    web: Server, ledger: Engine, headers: list[str], sent: bytes
) -> None:
    answer = web.talk(head(*signed(b'{"id":4001}'), *headers) + sent, then_close=True)

    assert answer is None or answer.status in (400, 401, 413)
    assert deliveries(ledger) == []
    assert deliver(web, order(4002)) == 200


@pytest.mark.parametrize(
    "request_", [b"\x16\x03\x01junk\r\n\r\n", b"GET\r\n\r\n", b"POST / HTTP/9\r\n\r\n", b"\r\n" * 9]
)
def test_what_is_no_http_is_refused_and_the_receiver_goes_on(web: Server, request_: bytes) -> None:
    answer = web.talk(request_, then_close=True)

    assert answer is None or 400 <= answer.status < 506
    assert deliver(web, order(5001)) == 200


def test_a_large_signed_body_is_answered_200(web: Server, ledger: Engine) -> None:
    body = b'{"id":6001,"x":"' + b"y" * (6 * 1024 * 1024) + b'"}'

    assert deliver(web, body) == 200

    (row,) = deliveries(ledger)
    assert (row.body, row.body_size) == (None, len(body))


def test_head_and_get_are_405_and_no_wrong_address_redirects(web: Server) -> None:
    statuses = []
    for method, path in (("HEAD", "/webhooks/woocommerce/shop1"), ("GET", "/webhooks/woocommerce/shop1")):
        answer = web.talk(f"{method} {path} HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n".encode())
        statuses.append(answer.status if answer else None)
    for path in ("//webhooks/woocommerce/shop1", "/webhooks//woocommerce/shop1"):
        answer = web.post(order(1), *signed(order(1)), path=path)
        statuses.append(answer.status if answer else None)

    assert statuses == [405, 405, 200, 404], "gunicorn itself takes a doubled slash at the start for one"


def test_a_killed_process_is_replaced_and_its_counts_stay(web: Server) -> None:
    for number in range(20):
        deliver(web, order(7000 + number))
    victims = web.workers()

    for pid in victims:
        os.kill(pid, signal.SIGKILL)
    until(lambda: len(web.workers() - victims) == len(victims))
    until(lambda: (answer := web.get("/healthz")) is not None and answer.status == 200)

    figures = web.get("/metrics")
    assert figures is not None
    counted = [line for line in figures.body.decode().splitlines() if line.startswith("connector_deliveries_total")]
    assert sum(float(line.rpartition(" ")[2]) for line in counted) >= 20


def test_neither_secrets_nor_persons_are_in_the_log(web: Server) -> None:
    body = b'{"id":8001,"billing":{"email":"ana@example.com","last_name":"Horvat"}}'
    deliver(web, body)
    web.post(body, "X-WC-Webhook-Signature: wrong", "Content-Type: application/json")

    log = web.log.read_text(encoding="utf-8")
    assert "request_refused" in log
    for private in ("ana@example.com", "Horvat", SECRET, KEY, sign(body)):
        assert private not in log


def test_sigterm_ends_it_in_order_and_sends_what_waits(database_url: str, tmp_path: Path, ledger: Engine) -> None:
    with embedded_valkey(tmp_path / "valkey", durable=False) as own:
        variables = {"DATABASE_URL": database_url, "REDIS_URL": own.url, "CONNECTOR_SECRET_KEYS": KEY}
        with serving(tmp_path, variables) as server:
            statuses = [deliver(server, order(9000 + number)) for number in range(30)]
            server.process.terminate()
            status = server.process.wait(timeout=120)

        assert statuses == [200] * 30
        assert status == 0
        assert messages(own) == 30
