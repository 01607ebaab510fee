"""Payloads as they come: plain or compressed in any way, broken, and built to fill the memory."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable, Iterator
from io import BytesIO

import pytest

from connector.ion.payload import MOST_BYTES, Payload, kept, open_payload

Open = Callable[..., Payload]
DOCUMENT = b"<SyncItemMaster>" + b"<Note>blue</Note>" * 5000 + b"</SyncItemMaster>"


@pytest.fixture
def opened() -> Iterator[Open]:
    """Opens payloads and closes them after the test."""
    made: list[Payload] = []

    def open_(content: bytes, *, most_bytes: int = MOST_BYTES) -> Payload:
        made.append(open_payload(BytesIO(content), most_bytes=most_bytes))
        return made[-1]

    yield open_
    for one in made:
        one.close()


def raw_deflated(content: bytes) -> bytes:
    deflater = zlib.compressobj(6, zlib.DEFLATED, -15)
    return deflater.compress(content) + deflater.flush()


def plain(payload: Payload) -> bytes:
    assert payload.plain is not None
    payload.plain.seek(0)
    return payload.plain.read()


@pytest.mark.parametrize(
    ("packed", "name"),
    [
        (DOCUMENT, ""),
        (b"\xef\xbb\xbf" + DOCUMENT, ""),
        (DOCUMENT.decode().encode("utf-16"), ""),
        (gzip.compress(DOCUMENT), "gzip"),
        (zlib.compress(DOCUMENT), "zlib"),
        (raw_deflated(DOCUMENT), "deflate"),
    ],
)
def test_a_document_is_opened_however_it_is_packed(opened: Open, packed: bytes, name: str) -> None:
    payload = opened(packed)

    assert payload.compression == name
    assert payload.problem == ""
    assert plain(payload) == (DOCUMENT if name else packed)
    assert payload.size == len(packed)


@pytest.mark.parametrize("pack", [gzip.compress, zlib.compress, raw_deflated])
def test_what_inflates_to_more_than_is_taken_is_refused_and_not_kept(opened: Open, pack: object) -> None:
    assert callable(pack)
    payload = opened(pack(b"<" + b" " * 3_000_000), most_bytes=1_000_000)

    assert payload.plain is None
    assert "1000000 bytes" in payload.problem
    assert kept(payload, most_bytes=10_000_000) is None
    assert len(payload.sha256) == 64


def test_a_document_exactly_at_the_limit_is_taken(opened: Open) -> None:
    payload = opened(zlib.compress(DOCUMENT), most_bytes=len(DOCUMENT))

    assert plain(payload) == DOCUMENT


@pytest.mark.parametrize("packed", [gzip.compress(DOCUMENT)[:-30], zlib.compress(DOCUMENT)[:-20]])
def test_a_compressed_document_that_is_broken_off_is_a_problem_and_kept(opened: Open, packed: bytes) -> None:
    payload = opened(packed)

    assert payload.plain is None
    assert "broken" in payload.problem
    assert kept(payload, most_bytes=10_000) == packed


def test_a_compressed_document_inside_another_is_opened_once(opened: Open) -> None:
    inner = gzip.compress(DOCUMENT)

    assert plain(opened(gzip.compress(inner))) == inner


@pytest.mark.parametrize("content", [b"", b"no xml", bytes(range(256)) * 4, b"\x78\x9c"])
def test_what_is_nothing_known_is_left_as_it_is_or_a_problem(opened: Open, content: bytes) -> None:
    payload = opened(content)

    assert payload.problem or plain(payload) == content


def test_a_large_document_is_kept_deflated_and_opened_again(opened: Open) -> None:
    payload = opened(DOCUMENT)

    stored = kept(payload, most_bytes=5_000)

    assert stored is not None
    assert len(stored) <= 5_000
    assert plain(opened(stored)) == DOCUMENT


def test_a_large_document_that_does_not_shrink_is_not_kept(opened: Open) -> None:
    noise = b"<" + b"".join(zlib.crc32(number.to_bytes(4)).to_bytes(4) for number in range(5000))

    assert kept(opened(noise), most_bytes=5_000) is None
