"""Opens the document inside a message: plain, zlib, raw deflate or gzip, found out by trying, in bounded memory.

The name ION gives to a compressed payload is not published, so the bytes decide (reference: ion/delivery.md section 2).
Called by the receiver and by the run of a released dead letter.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from tempfile import SpooledTemporaryFile
from typing import BinaryIO

from connector.errors import InvalidPayloadError

MOST_BYTES = 50 * 1024 * 1024
"""The largest message of ION's licence tiers."""
IN_MEMORY_BYTES = 512 * 1024
CHUNK_BYTES = 64 * 1024
FORMATS = (("gzip", 31), ("zlib", 15), ("deflate", -15))
"""Names and window bits for zlib.decompressobj."""
_PLAIN_STARTS = (b"<", b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff", b"\x00<", b"{", b"[")


def temporary_file() -> BinaryIO:
    """Returns a file that is kept in memory while it is small; it is gone when closed."""
    return SpooledTemporaryFile(max_size=IN_MEMORY_BYTES)  # type: ignore[return-value]  # has all methods of BinaryIO


class TooLargeError(InvalidPayloadError):
    """It inflates to more than is taken."""


@dataclass(frozen=True)
class Payload:
    """A document as it came, and opened. `problem` says why it could not be opened; then `plain` is None."""

    received: BinaryIO
    plain: BinaryIO | None
    size: int  # as received
    sha256: str  # as received
    compression: str  # "" for none
    problem: str = ""
    is_bomb: bool = False  # inflates to more than is taken; then not even the received bytes are worth keeping

    def close(self) -> None:
        """Gives the memory and files back."""
        self.received.close()
        if self.plain is not None:
            self.plain.close()


def open_payload(received: BinaryIO, *, most_bytes: int = MOST_BYTES) -> Payload:
    """Opens a document; nothing is raised for a bad one.

    Args:
        received: The document as it came; read from the start.
        most_bytes: Largest size it may have when it is inflated.
    """
    size, sha256 = _measure(received)
    received.seek(0)
    start = received.read(CHUNK_BYTES)
    if start.lstrip(b" \t\r\n").startswith(_PLAIN_STARTS) or not start:
        return Payload(received, received, size, sha256, compression="")
    for name, window in FORMATS:
        if _looks_like(start, window):
            try:
                return Payload(received, _inflate(received, window, most_bytes), size, sha256, compression=name)
            except TooLargeError as error:
                return Payload(received, None, size, sha256, compression=name, problem=error.message, is_bomb=True)
            except InvalidPayloadError as error:
                return Payload(received, None, size, sha256, compression=name, problem=error.message)
    return Payload(received, received, size, sha256, compression="")


def kept(payload: Payload, *, most_bytes: int) -> bytes | None:
    """Returns what is stored of a document: as it came, else deflated (zlib). None if that is still over `most_bytes`.

    `open_payload` opens both. Nothing is kept of what inflates without measure.
    """
    if payload.is_bomb:
        return None
    if payload.size <= most_bytes:
        payload.received.seek(0)
        return payload.received.read()
    if payload.compression or payload.problem:
        return None
    deflater, pieces, size = zlib.compressobj(1), [], 0
    for chunk in _chunks(payload.received):
        pieces.append(deflater.compress(chunk))
        size += len(pieces[-1])
        if size > most_bytes:
            return None
    pieces.append(deflater.flush())
    return b"".join(pieces)


def _measure(received: BinaryIO) -> tuple[int, str]:
    digest, size = hashlib.sha256(), 0
    for chunk in _chunks(received):
        digest.update(chunk)
        size += len(chunk)
    return size, digest.hexdigest()


def _chunks(file: BinaryIO) -> Iterator[bytes]:
    file.seek(0)
    return iter(lambda: file.read(CHUNK_BYTES), b"")


def _looks_like(start: bytes, window: int) -> bool:
    try:
        return len(zlib.decompressobj(window).decompress(start, 16)) > 0
    except zlib.error:
        return False


def _inflate(received: BinaryIO, window: int, most_bytes: int) -> BinaryIO:
    """Inflates into a file of its own.

    Raises:
        TooLargeError: It is larger than allowed.
        InvalidPayloadError: It is broken.
    """
    plain, inflater, size = temporary_file(), zlib.decompressobj(window), 0
    try:
        for piece in _inflated(received, inflater):
            size += len(piece)
            if size > most_bytes:
                raise TooLargeError(f"The payload inflates to more than the {most_bytes} bytes that are taken.")
            plain.write(piece)
        if not inflater.eof:
            raise InvalidPayloadError("The compressed payload is broken off.")
    except zlib.error:
        plain.close()
        raise InvalidPayloadError("The compressed payload is broken.") from None
    except InvalidPayloadError:
        plain.close()
        raise
    plain.seek(0)
    return plain


def _inflated(received: BinaryIO, inflater: zlib._Decompress) -> Iterator[bytes]:
    """Yields small pieces, however much a chunk inflates to."""
    for chunk in _chunks(received):
        rest = chunk
        while rest and not inflater.eof:
            yield inflater.decompress(rest, CHUNK_BYTES)
            rest = inflater.unconsumed_tail
    while not inflater.eof and (piece := inflater.decompress(b"", CHUNK_BYTES)):
        yield piece
