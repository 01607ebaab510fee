"""What surely did not leave us, and what may have: the line between the two, over real sockets."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from connector.m3.transport import NoAnswerError, NotSentError, Transport
from connector.ports import free_port
from tests.integration.m3.gateway import Gateway, cut, reply


@pytest.fixture
def stranger(tmp_path: Path) -> Iterator[str]:
    """An https server whose certificate nobody trusts."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (tmp_path / "both.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM) + private)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "both.pem")
    server = HTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield f"https://localhost:{server.server_address[1]}/"
    server.shutdown()
    server.server_close()
    thread.join(60)


def test_a_refused_connection_is_not_sent() -> None:
    with (
        closing(Transport(f"http://127.0.0.1:{free_port()}/", read_timeout_s=60)) as transport,
        pytest.raises(NotSentError) as refused,
    ):
        transport.post(b"x", {})

    assert not refused.value.is_certificate


def test_an_untrusted_certificate_is_not_sent_and_said_to_be_one(stranger: str) -> None:
    with closing(Transport(stranger, read_timeout_s=60)) as transport, pytest.raises(NotSentError) as refused:
        transport.post(b"x", {})

    assert refused.value.is_certificate


def test_a_connection_cut_after_sending_may_have_been_executed(gateway: Gateway) -> None:
    gateway.answers.append(cut)
    with (
        closing(Transport(f"{gateway.address}/x", read_timeout_s=60)) as transport,
        pytest.raises(NoAnswerError) as lost,
    ):
        transport.post(b"x", {})

    assert "127.0.0.1" not in str(lost.value)
    assert len(gateway.calls) == 1


def test_a_redirect_is_an_answer_like_any_other(gateway: Gateway) -> None:
    gateway.answers.append(reply(307, Location=f"{gateway.address}/y"))
    with closing(Transport(f"{gateway.address}/x", read_timeout_s=60)) as transport:
        answer = transport.post(b"x", {})

    assert answer.status == 307
    assert [seen.path for seen in gateway.calls] == ["/x"]
