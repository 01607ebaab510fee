"""Reads a request body in bounded memory and time; called by webhook_receiver/routes.py."""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
from dataclasses import dataclass
from typing import Protocol

from gunicorn.http.errors import ParseException  # type: ignore[import-untyped]  # gunicorn ships no types

from connector.ledger.inbox import KEPT_BODY_BYTES
from connector.woocommerce.webhooks import signature_matches

HARD_LIMIT_BYTES = 64 * 1024 * 1024  # no shop sends this; above it reading on would only cost
TIME_LIMIT_S = 20.0  # the shop itself waits 60 s for the answer
CHUNK_BYTES = 256 * 1024
# The client went away or stalled, or its chunked encoding is broken.
UNREADABLE = (OSError, ParseException)


class BodyRefusedError(Exception):
    """The body cannot be taken; `status` is the HTTP answer."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


class Readable(Protocol):
    """What is needed of a request's stream."""

    def read(self, size: int, /) -> bytes:
        """Returns at most `size` bytes, none at the end."""


@dataclass(frozen=True)
class SignedBody:
    """What was read. `content` is None above KEPT_BODY_BYTES: then only size and hash remain; below it has no hash."""

    content: bytes | None
    size: int
    sha256: str
    is_genuine: bool


def read_start(stream: Readable, *, most: int) -> bytes:
    """Returns the first `most` bytes of a body nobody signed.

    Raises:
        BodyRefusedError: The connection broke or is too slow.
    """
    try:
        return stream.read(most)
    except UNREADABLE:
        raise BodyRefusedError(400, "unreadable") from None


def read_signed(stream: Readable, *, secret: str, signature: str) -> SignedBody:
    """Reads the whole body and verifies its signature over the raw bytes.

    Args:
        stream: The request's body.
        secret: The webhook secret of the store.
        signature: The header X-WC-Webhook-Signature (base64 of HMAC-SHA256).

    Raises:
        BodyRefusedError: Over HARD_LIMIT_BYTES, too slow, or broken off.
    """
    deadline = time.monotonic() + TIME_LIMIT_S
    content = bytearray()
    while chunk := _next_chunk(stream, deadline):
        content += chunk
        if len(content) > KEPT_BODY_BYTES:
            return _read_oversized(stream, bytes(content), secret=secret, signature=signature, deadline=deadline)
    body = bytes(content)
    return SignedBody(
        content=body,
        size=len(body),
        sha256="",
        is_genuine=signature_matches(body, secret=secret, signature=signature),
    )


def _read_oversized(stream: Readable, start: bytes, *, secret: str, signature: str, deadline: float) -> SignedBody:
    """Goes on without keeping what is read: hash and signature are computed chunk by chunk."""
    digest = hashlib.sha256(start)
    code = hmac.new(secret.encode(), start, hashlib.sha256)
    size = len(start)
    while chunk := _next_chunk(stream, deadline):
        digest.update(chunk)
        code.update(chunk)
        size += len(chunk)
        if size > HARD_LIMIT_BYTES:
            raise BodyRefusedError(413, "too_large")
    genuine = hmac.compare_digest(base64.b64encode(code.digest()), signature.encode("latin-1", errors="replace"))
    return SignedBody(content=None, size=size, sha256=digest.hexdigest(), is_genuine=genuine)


def _next_chunk(stream: Readable, deadline: float) -> bytes:
    if time.monotonic() > deadline:
        raise BodyRefusedError(408, "too_slow")
    try:
        return stream.read(CHUNK_BYTES)
    except UNREADABLE:
        raise BodyRefusedError(400, "unreadable") from None
