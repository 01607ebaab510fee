"""What broken, slow and wrong connections to the shop come to: read again, look first, or surely not sent."""

from __future__ import annotations

import gzip
import socket
import ssl
import time
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from connector.errors import ConfigurationError, ConnectorError, OutcomeUnknownError, RemoteUnavailableError
from connector.woocommerce.client import WooClient
from tests.integration.webhook_receiver.serving import until
from tests.integration.woocommerce.scripted_shop import Act, ScriptedShop, answer, hang_up
from tests.unit.woocommerce.open_gate import OpenGate

WELL = b'{"id":52}'
PATIENCE_S = 20.0
"""So long a slow shop holds a connection before it answers well after all."""


def _client(url: str, *, timeout_s: float = 60) -> WooClient:
    return WooClient(url, "ck_1", "cs_secret", gate=OpenGate(), allow_plain_http=True, timeout_s=timeout_s)


def _read_error(client: WooClient) -> ConnectorError:
    with pytest.raises(ConnectorError) as caught:
        client.get_order(52)
    return caught.value


def _write_error(client: WooClient) -> ConnectorError:
    with pytest.raises(ConnectorError) as caught:
        client.put_order(52, {"status": "completed"})
    return caught.value


def _hang(handler: BaseHTTPRequestHandler) -> None:
    """Says nothing until the client has left; one that stays long enough gets a proper answer."""
    handler.connection.settimeout(PATIENCE_S)
    try:
        handler.rfile.read(1)
        handler.close_connection = True
    except TimeoutError:
        answer(handler, WELL)


def _drip(handler: BaseHTTPRequestHandler) -> None:
    """Sends a byte now and then: each single wait is short, the whole is not; who stays long enough gets a proper answer."""
    content = WELL.rjust(int(PATIENCE_S / 0.1))
    answer(handler, b"", length=len(content))
    for byte in content:
        try:
            handler.wfile.write(bytes([byte]))
        except OSError:
            handler.close_connection = True
            return
        time.sleep(0.1)


def _cut_short(handler: BaseHTTPRequestHandler) -> None:
    answer(handler, b'{"id":52', length=500)
    handler.close_connection = True


@pytest.mark.parametrize("act", [hang_up, _hang, _drip, _cut_short], ids=lambda act: act.__name__)
def test_lost_answer_is_read_again_or_looked_up_and_never_sent_twice(act: Act) -> None:
    with ScriptedShop(act) as shop:
        client = _client(shop.url, timeout_s=0.5)

        assert type(_read_error(client)) is RemoteUnavailableError
        assert type(_write_error(client)) is OutcomeUnknownError
        until(lambda: len(shop.requests) >= 2)  # the shop may be slower to read than we are to give up
        assert [line.split()[0] for line, _ in shop.requests] == ["GET", "PUT"]


def test_late_answer_is_called_late() -> None:
    with ScriptedShop(_hang) as shop:
        assert "no answer within 0.5 s" in _write_error(_client(shop.url, timeout_s=0.5)).message


def test_refused_connection_was_surely_not_sent() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        client = _client(f"http://127.0.0.1:{unused.getsockname()[1]}")

        for error in (_read_error(client), _write_error(client)):
            assert type(error) is RemoteUnavailableError
            assert "nothing was sent" in error.message


def test_name_that_does_not_exist_was_surely_not_sent() -> None:
    error = _write_error(_client("http://shop.invalid"))

    assert type(error) is RemoteUnavailableError
    assert "nothing was sent" in error.message


def test_kept_connection_that_the_shop_closed_meanwhile_is_opened_anew() -> None:
    def answer_and_close(handler: BaseHTTPRequestHandler) -> None:
        answer(handler, b'{"id":52}')
        handler.close_connection = True

    with ScriptedShop(answer_and_close) as shop:
        client = _client(shop.url)
        client.get_order(52)
        until(lambda: shop.closed == 1)

        assert client.put_order(52, {"status": "completed"}) == {"id": 52}


def test_connection_is_kept_for_the_next_request() -> None:
    ports: list[int] = []

    def answer_and_keep(handler: BaseHTTPRequestHandler) -> None:
        ports.append(handler.client_address[1])
        answer(handler, b'{"id":52}')

    with ScriptedShop(answer_and_keep) as shop:
        client = _client(shop.url)
        client.get_order(52)
        client.put_order(52, {"status": "completed"})
        client.close()

    assert len(set(ports)) == 1


def test_compressed_answer_is_read() -> None:
    body = b'{"id":52,"note":"' + b"x" * 200_000 + b'"}'

    with ScriptedShop(lambda handler: answer(handler, gzip.compress(body), Content_Encoding="gzip")) as shop:
        assert _client(shop.url).get_order(52).body == body


def test_chunked_answer_is_read_and_a_broken_one_is_not() -> None:
    def chunks(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Transfer-Encoding", "chunked")
        handler.end_headers()
        handler.wfile.write(b'4\r\n{"id\r\n' + (b'5\r\n":52}\r\n0\r\n\r\n' if handler.command == "GET" else b""))
        handler.close_connection = True

    with ScriptedShop(chunks) as shop:
        client = _client(shop.url)

        assert client.get_order(52).data == {"id": 52}
        assert type(_write_error(client)) is OutcomeUnknownError


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_redirects_are_not_followed(status: int) -> None:
    def redirect(handler: BaseHTTPRequestHandler) -> None:
        answer(handler, b"", status=status, Location=f"{handler.path}/elsewhere")

    with ScriptedShop(redirect) as shop:
        client = _client(shop.url)

        assert type(_read_error(client)) is ConfigurationError
        assert type(_write_error(client)) is ConfigurationError
        assert len(shop.requests) == 2


def test_cookies_of_the_shop_are_not_given_back() -> None:
    with ScriptedShop(lambda handler: answer(handler, b'{"id":52}', Set_Cookie="session=x; Path=/")) as shop:
        client = _client(shop.url)
        client.get_order(52)
        client.get_order(52)

    assert [headers.get("Cookie") for _, headers in shop.requests] == [None, None]


def test_secret_is_in_no_request_and_no_error() -> None:
    with ScriptedShop(hang_up) as shop:
        error = _write_error(_client(shop.url))

        seen = f"{shop.requests} {error} {error.resolution} {error.context} {error.__cause__}"
        assert "cs_secret" not in seen


def test_certificate_that_is_not_trusted_pauses_the_store_and_nothing_is_sent(tmp_path: Path) -> None:
    with ScriptedShop(hang_up) as shop:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(_self_signed(tmp_path))
        shop.server.socket = context.wrap_socket(shop.server.socket, server_side=True)
        client = _client(shop.url.replace("http://", "https://"))

        assert type(_read_error(client)) is ConfigurationError
        assert "certificate" in _write_error(client).message
        assert shop.requests == []


def _self_signed(folder: Path) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = folder / "server.pem"
    path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    return path
