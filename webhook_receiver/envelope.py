"""Reads a message of ION from a request: multipart in a stream, single JSON at once. Called by ion_routes.py.

The document goes to a temporary file as it comes, so that one of 50 MB is never held in memory.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.http import parse_options_header
from werkzeug.sansio.multipart import Data, Epilogue, Field, File, MultipartDecoder, NeedData

from connector.errors import InvalidPayloadError
from connector.ion.ims import (
    MOST_PARAMETER_BYTES,
    Parameters,
    Part,
    choose_parts,
    read_message,
    read_parameters,
)
from connector.ion.payload import temporary_file
from webhook_receiver.body import CHUNK_BYTES, UNREADABLE, BodyRefusedError, Readable

MOST_PARTS = 10
ENVELOPE_BYTES = MOST_PARAMETER_BYTES + 64 * 1024
"""What a request may have besides its document."""
TIME_LIMIT_S = 60.0
LARGE_BYTES = 5 * 1024 * 1024
LARGE_WAIT_S = 20.0
PIECE = 64 * 1024
_ONE_LARGE = threading.Lock()
"""The single JSON of v2 cannot be read in a stream; one large one at a time in a process."""


@dataclass
class Envelope:
    """The parameters of a message and its document as it came; close it when done."""

    parameters: Parameters
    document: BinaryIO


class Body:
    """A request's body, read piece by piece within limits of size and time."""

    def __init__(self, stream: Readable, *, declared: int | None, most_bytes: int) -> None:
        """Reads nothing yet.

        Args:
            stream: The request's stream.
            declared: Content-Length, if there is one.
            most_bytes: Largest document that is taken.

        Raises:
            BodyRefusedError: It says itself that it is too large.
        """
        self._stream = stream
        self._most = most_bytes + ENVELOPE_BYTES
        if declared is not None and declared > self._most:
            raise BodyRefusedError(413, "too_large")

    def chunks(self) -> Iterator[bytes]:
        """Yields the body.

        Raises:
            BodyRefusedError: It is too large, too slow, or broke off.
        """
        deadline, size = time.monotonic() + TIME_LIMIT_S, 0
        while chunk := self._next():
            size += len(chunk)
            if size > self._most:
                raise BodyRefusedError(413, "too_large")
            if time.monotonic() > deadline:
                raise BodyRefusedError(503, "too_slow")
            yield chunk

    def _next(self) -> bytes:
        try:
            return self._stream.read(CHUNK_BYTES)
        except UNREADABLE:
            raise BodyRefusedError(400, "unreadable") from None


def read_multipart(body: Body, content_type: str, *, by_name: bool) -> Envelope:
    """Reads a multipart message.

    Args:
        body: The request's body.
        content_type: With the boundary.
        by_name: The parts are told apart by name (v3), else by content (v2).

    Raises:
        InvalidPayloadError: It is no such message; says why.
        BodyRefusedError: It is too large, too slow, or broke off.
    """
    kind, options = parse_options_header(content_type)
    boundary = options.get("boundary", "")
    if not kind.startswith("multipart/") or not boundary or not boundary.isascii():
        raise InvalidPayloadError("The request is no multipart/form-data with a boundary")
    parts: list[tuple[str, BinaryIO]] = []
    try:
        _split(body, boundary.encode("ascii"), parts)
        parameters, document = choose_parts([_part(name, file) for name, file in parts], by_name=by_name)
        return Envelope(read_parameters(_whole(parts[parameters][1])), parts.pop(document)[1])
    finally:
        for _, file in parts:
            file.close()


def read_single(body: Body) -> Envelope:
    """Reads the single JSON body of v2.

    Raises:
        InvalidPayloadError: It is no such message; says why.
        BodyRefusedError: It is too large, too slow, or broke off; or another large one is being read for long.
    """
    received = temporary_file()
    try:
        size = sum(received.write(chunk) for chunk in body.chunks())
        if size <= LARGE_BYTES:
            return _single(received)
        if not _ONE_LARGE.acquire(timeout=LARGE_WAIT_S):
            raise BodyRefusedError(503, "busy")
        try:
            return _single(received)
        finally:
            _ONE_LARGE.release()
    finally:
        received.close()


def _single(received: BinaryIO) -> Envelope:
    parameters, document = read_message(_whole(received))
    file = temporary_file()
    for start in range(0, len(document), PIECE):
        piece = document[start : start + PIECE]
        file.write(piece.encode("utf-8") if isinstance(piece, str) else piece)
    file.seek(0)
    return Envelope(parameters, file)


def _split(body: Body, boundary: bytes, parts: list[tuple[str, BinaryIO]]) -> None:
    """Writes each part into a file of its own; `parts` has those begun, also if an error is raised."""
    decoder = MultipartDecoder(boundary, max_form_memory_size=4 * CHUNK_BYTES, max_parts=MOST_PARTS)
    try:
        for chunk in body.chunks():
            decoder.receive_data(chunk)
            if _take_events(decoder, parts):
                break
        else:
            decoder.receive_data(None)
            _take_events(decoder, parts)
    except (ValueError, RequestEntityTooLarge, UnicodeError):
        raise InvalidPayloadError("The multipart body cannot be read") from None


def _take_events(decoder: MultipartDecoder, parts: list[tuple[str, BinaryIO]]) -> bool:
    """Takes what the decoder has; returns whether that was the end."""
    while not isinstance(event := decoder.next_event(), NeedData):
        if isinstance(event, Field | File):
            parts.append((event.name or "", temporary_file()))
        elif isinstance(event, Data):
            parts[-1][1].write(event.data)
        elif isinstance(event, Epilogue):
            return True
    return False


def _part(name: str, file: BinaryIO) -> Part:
    file.seek(0)
    start = file.read(MOST_PARAMETER_BYTES + 1)
    return Part(name, start if len(start) <= MOST_PARAMETER_BYTES else None)


def _whole(file: BinaryIO) -> bytes:
    file.seek(0)
    return file.read()
