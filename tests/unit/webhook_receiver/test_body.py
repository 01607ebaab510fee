"""Bodies: verified over raw bytes, bounded in memory and time."""

from __future__ import annotations

import base64
import hashlib
import hmac
import io

import pytest

from connector.ledger.inbox import KEPT_BODY_BYTES
from webhook_receiver import body as module
from webhook_receiver.body import BodyRefusedError, read_signed, read_start

SECRET = "köy & 'quoted' "


def sign(content: bytes, secret: str = SECRET) -> str:
    return base64.b64encode(hmac.new(secret.encode(), content, hashlib.sha256).digest()).decode()


class Broken(io.RawIOBase):
    """A connection that breaks off."""

    def read(self, size: int = -1, /) -> bytes:
        raise ConnectionResetError


class Counting(io.BytesIO):
    """Remembers the largest piece asked for."""

    largest = 0

    def read(self, size: int | None = -1, /) -> bytes:
        assert size is not None
        assert size > 0, "everything at once was asked for"
        self.largest = max(self.largest, size)
        return super().read(size)


@pytest.mark.parametrize("size", [0, 1, 1000, KEPT_BODY_BYTES])
def test_a_body_up_to_the_limit_is_kept_and_verified(size: int) -> None:
    content = b"x" * size

    read = read_signed(io.BytesIO(content), secret=SECRET, signature=sign(content))

    assert read.is_genuine
    assert read.content == content
    assert (read.size, read.sha256) == (size, "")


@pytest.mark.parametrize("size", [KEPT_BODY_BYTES + 1, KEPT_BODY_BYTES + 300_000])
def test_a_body_over_the_limit_is_verified_and_leaves_only_its_hash(size: int) -> None:
    content = b"y" * size
    stream = Counting(content)

    read = read_signed(stream, secret=SECRET, signature=sign(content))

    assert read.is_genuine
    assert read.content is None
    assert (read.size, read.sha256) == (size, hashlib.sha256(content).hexdigest())
    assert stream.largest <= module.CHUNK_BYTES


@pytest.mark.parametrize("size", [10, KEPT_BODY_BYTES + 1])
@pytest.mark.parametrize("signature", ["", "AAAA", "ünsigned", "other"])
def test_a_wrong_signature_is_seen_at_any_size(size: int, signature: str) -> None:
    content = b"z" * size
    wrong = sign(content, "other secret") if signature == "other" else signature

    assert not read_signed(io.BytesIO(content), secret=SECRET, signature=wrong).is_genuine


def test_one_changed_byte_breaks_the_signature() -> None:
    content = b'{"id":1,"total":"10.00"}'

    read = read_signed(io.BytesIO(content.replace(b"10", b"90")), secret=SECRET, signature=sign(content))

    assert not read.is_genuine


def test_reading_stops_at_the_hard_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "HARD_LIMIT_BYTES", KEPT_BODY_BYTES + 1000)
    content = b"x" * (KEPT_BODY_BYTES + 600_000)

    with pytest.raises(BodyRefusedError) as caught:
        read_signed(io.BytesIO(content), secret=SECRET, signature=sign(content))

    assert caught.value.status == 413


def test_a_sender_who_dawdles_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "TIME_LIMIT_S", -1.0)

    with pytest.raises(BodyRefusedError) as caught:
        read_signed(io.BytesIO(b"x"), secret=SECRET, signature="")

    assert caught.value.status == 408


def test_a_connection_that_breaks_off_is_no_error_of_ours() -> None:
    with pytest.raises(BodyRefusedError) as caught:
        read_signed(Broken(), secret=SECRET, signature="")
    with pytest.raises(BodyRefusedError):
        read_start(Broken(), most=10)

    assert caught.value.status == 400
