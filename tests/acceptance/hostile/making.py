"""Whole requests, signed and unsigned, with the headers and framing senders use or abuse. Sent by sending.py."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Sequence

from hypothesis import strategies as st

from tests.acceptance.hostile.bodies import ABSURD, BODIES, HUGE
from tests.acceptance.hostile.messages import messages
from tests.acceptance.hostile.sent import Known, Sent, Wanted

ONE_IN_HUGE = 400
HUGE_DRAW = 237  # no number Hypothesis prefers
SIGNED_SHARE = 70  # percent
MESSAGE_SHARE = 15  # percent of all
ORDER_TOPICS = ("order.created", "order.updated")
TOPICS = (
    *ORDER_TOPICS * 6,
    "order.deleted", "order.restored", "customer.updated", "customer.created", "product.updated", "coupon.created",
    "action.woocommerce_order_refunded", "order.exploded", "", "ORDER.UPDATED", "order.updated, order.created", "…", "x" * 3000,
)  # fmt: skip
KINDS = [kind for kind, (share, _) in BODIES.items() for _ in range(share)]
# What a header may hold on the wire: visible Latin-1, blanks and tabs.
HEADER_TEXTS = st.text(st.characters(min_codepoint=32, max_codepoint=255, exclude_characters="\x7f"), max_size=60)
METHODS = ("GET", "PUT", "DELETE", "PATCH", "HEAD", "TRACE", "OPTIONS", "PROPFIND", "post", "CONNECT")
PATHS = (
    "/webhooks/woocommerce/", "/webhooks/woocommerce/nosuch", "/webhooks/woocommerce/W1", "/webhooks/woocommerce/w1%00",
    "/webhooks/woocommerce/w1/x", "/webhooks/woocommerce/../w1", "/webhooks/woocommerce/%2e%2e", "/", "/wp-json/wc/v3/orders",
    "/webhooks//woocommerce/w1", "/webhooks/woocommerce/" + "a" * 600, "/.env", "*", "/webhooks/woocommerce/%F0%9F%9B%92",
    "/webhooks/woocommerce/\xff", "/ion/w1/ims/ping", "/m3-events/w1", "/" + "y" * 3000,
)  # fmt: skip


@st.composite
def deliveries(draw: st.DrawFn, known: Known, *, path: str, secret: str, api_key: str) -> Sent:
    """Draws one request.

    Args:
        draw: Given by Hypothesis.
        known: Bodies as the shop sends them.
        path: Where the store's deliveries go.
        secret: What they are signed with.
        api_key: What ION and M3 show.
    """
    if draw(st.integers(0, 99)) < MESSAGE_SHARE:
        return draw(messages(store=path.rpartition("/")[2], api_key=api_key))
    if draw(st.integers(1, ONE_IN_HUGE)) == HUGE_DRAW:
        kind, make = HUGE
    else:
        kind = draw(st.sampled_from(KINDS))
        make = BODIES[kind][1]
    body = make(draw, known)
    if draw(st.integers(0, 99)) < SIGNED_SHARE:
        return _signed(draw, kind, body, path=path, secret=secret)
    return _unsigned(draw, kind, body, path=path, secret=secret)


def heavy(*, path: str, secret: str) -> list[Sent]:
    """Returns one signed request of each kind that takes much memory."""
    bodies = {
        "over 5 MB": b'{"id":1,"x":"' + b"y" * 9_000_000 + b'"}',
        "nearly 5 MB": b'{"id":1,"x":"' + b"y" * 5_200_000 + b'"}',
        "giant number": b'{"id":1,"total":' + b"9" * 1_000_000 + b"}",
        "nested deeply": b'{"id":1,"a":' * 200_000,
        "another type": b"[" + b'"\\ud800",' * 400_000 + b"0]",
    }
    signed = {
        kind: (("X-WC-Webhook-Topic", "order.updated"), ("X-WC-Webhook-Signature", sign(body, secret)))
        for kind, body in bodies.items()
    }
    return [
        Sent(f"signed: {kind}", Wanted.STORED, _head("POST", path, signed[kind]) + _plain(body), body)
        for kind, body in bodies.items()
    ]


def _signed(draw: st.DrawFn, kind: str, body: bytes, *, path: str, secret: str) -> Sent:
    topic = draw(st.sampled_from(ORDER_TOPICS)) if kind == ABSURD else None
    headers = [*_headers(draw, topic), ("X-WC-Webhook-Signature", sign(body, secret))]
    framed = _chunked(draw, body) if draw(st.integers(0, 9)) == 0 else _plain(body)
    return Sent(f"signed: {kind}", Wanted.STORED, _head("POST", path, headers) + framed, body)


def _headers(draw: st.DrawFn, topic: str | None = None) -> list[tuple[str, str]]:
    """Draws headers that say something odd, but are headers; without a given topic any or none."""
    if topic is None and draw(st.integers(0, 19)):
        topic = draw(st.sampled_from(TOPICS))
    headers = [] if topic is None else [("X-WC-Webhook-Topic", topic)]
    headers += [
        ("Content-Type", draw(st.sampled_from(["application/json"] * 5 + ["", "text/plain; charset=\xff", "a/b" * 90])))
    ]
    for name in draw(st.lists(st.sampled_from(_ODD_NAMES), max_size=3)):
        headers.append((name, draw(HEADER_TEXTS).strip()))
    if draw(st.integers(0, 19)) == 0:
        headers += [("X-Filler", "z" * draw(st.sampled_from([10, 2000, 7000])))] * draw(st.integers(1, 5))
    if draw(st.integers(0, 19)) == 0:
        headers.append(("Content-Encoding", draw(st.sampled_from(["gzip", "deflate", "br", "gzip, gzip"]))))
    return draw(st.permutations(headers))


_ODD_NAMES = (
    "X-WC-Webhook-Delivery-ID", "X-WC-Webhook-ID", "X-WC-Webhook-Source", "X-WC-Webhook-Resource", "X-WC-Webhook-Event",
    "X-WC-Webhook-Topic", "User-Agent", "Cookie", "X-Forwarded-Proto", "Accept-Encoding", "Authorization", "x-wc-webhook-id",
)  # fmt: skip


def _unsigned(draw: st.DrawFn, kind: str, body: bytes, *, path: str, secret: str) -> Sent:
    right = ("X-WC-Webhook-Signature", sign(body, secret))
    manner = draw(
        st.sampled_from(["signature", "signature", "signature", "ping", "method", "path", "length", "header"])
    )
    headers = _headers(draw)
    if manner == "signature":
        found = _wrong_signatures(draw, right[1])
        headers += [("X-WC-Webhook-Signature", one) for one in found]
        return Sent(
            "no right signature", Wanted.REFUSED, _head("POST", path, headers) + _plain(body), is_broken_off=True
        )
    if manner == "ping":
        form = [("Content-Type", "application/x-www-form-urlencoded")]
        number = draw(st.integers(0, 10**20 - 1))
        return Sent("ping", Wanted.PING, _head("POST", path, form) + _plain(b"webhook_id=%d" % number))
    if manner == "method":
        request = _head(draw(st.sampled_from(METHODS)), path, [*headers, right]) + _plain(body)
        return Sent("another method", Wanted.REFUSED, request, is_broken_off=True)
    if manner == "path":
        request = _head("POST", draw(st.sampled_from(PATHS)), [*headers, right]) + _plain(body)
        return Sent("another address or store", Wanted.REFUSED, request, is_broken_off=True)
    if manner == "length":
        request = _head("POST", path, [*headers, right]) + draw(st.sampled_from(_lies(body)))
        return Sent("lies about the length", Wanted.REFUSED, request, is_broken_off=True)
    broken = draw(st.sampled_from(_BROKEN_HEADS))
    request = _head("POST", path, [*headers, right]) + broken + _plain(body)
    return Sent("headers that are none", Wanted.REFUSED, request, is_broken_off=True)


def _wrong_signatures(draw: st.DrawFn, right: str) -> list[str]:
    """Returns the signature headers of a request nobody signed rightly; a right one twice is not one either."""
    nearly = [
        right[:-1],
        right.swapcase(),
        right + "=",
        right[::-1],
        base64.b64encode(b"\0" * 32).decode(),
        right.rstrip("="),
    ]
    other = draw(
        st.one_of(st.sampled_from([*nearly, "", "sha256=" + right, "null", "\xff" * 44, "A" * 5000]), HEADER_TEXTS)
    )
    wrong = "x" if other.strip() == right else other
    return draw(st.sampled_from([[], [wrong], [wrong], [right, right], [wrong, right], [right, wrong], [""]]))


def _lies(body: bytes) -> list[bytes]:
    size, more = len(body), body + b"x"  # one byte more than was signed, wherever a lenient reader might take the rest
    chunked = b"Transfer-Encoding: chunked\r\n"
    return [
        b"Content-Length: %d\r\n\r\n%s" % (size + 9, more),
        b"Content-Length: -1\r\n\r\n" + more,
        b"Content-Length: ten\r\n\r\n" + more,
        b"Content-Length: +%d\r\n\r\n%s" % (size + 1, more),
        b"Content-Length: 0x10\r\n\r\n" + more,
        b"Content-Length: %s\r\n\r\n%s" % (b"9" * 400, more),
        b"Content-Length: %d\r\nContent-Length: %d\r\n\r\n%s" % (size, size + 1, more),
        b"Content-Length: %d\r\n" % size + chunked + b"\r\n%x\r\n%s\r\n0\r\n\r\n" % (size + 1, more),
        chunked + b"\r\nzz\r\n" + more,
        chunked + b"\r\n-5\r\n" + more,
        chunked + b"\r\nffffffffffffffff\r\n" + more,
        chunked + b"\r\n%x\r\n%s" % (size + 5, more),
        b"Transfer-Encoding: rot13\r\n\r\n" + more,
        b"Transfer-Encoding: chunked, identity\r\n\r\n" + more,
    ]


_BROKEN_HEADS = (
    b"no colon here\r\n", b"Bad Name: x\r\n", b"X-Nul: a\x00b\r\n", b": empty\r\n", b" folded: x\r\n", b"X-Cr: a\rb\r\n",
    b"X-Filler: z\r\n" * 60, b"X-Long: " + b"z" * 9000 + b"\r\n", b"N\xc3\xa4me: x\r\n", b"X-WC-Webhook-Signature : x\r\n",
)  # fmt: skip


def sign(body: bytes, secret: str) -> str:
    """Returns the signature header of a body."""
    return base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()


def _head(method: str, path: str, headers: Sequence[tuple[str, str]]) -> bytes:
    lines = [
        f"{method} {path} HTTP/1.1",
        "Host: test",
        "Connection: close",
        *(f"{name}: {value}" for name, value in headers),
    ]
    return ("\r\n".join(lines) + "\r\n").encode("latin-1", "replace")


def _plain(body: bytes) -> bytes:
    return b"Content-Length: %d\r\n\r\n%s" % (len(body), body)


def _chunked(draw: st.DrawFn, body: bytes) -> bytes:
    size = draw(st.sampled_from([1, 7, 1000, 65_536]))
    size = max(size, len(body) // 200)  # a byte a chunk only for small bodies
    parts = [body[place : place + size] for place in range(0, len(body), size)]
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts)
    return b"Transfer-Encoding: chunked\r\n\r\n" + chunks + b"0\r\n\r\n"
