"""Reads the shop's answers: content, or the error that says what to do next.

Called by transport.py for each answer, by batches.py for each element of one.

Source: reference/woocommerce/behaviour.md sections 2 and 4, rest-recorded/, observed on WooCommerce 9.9.5.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from connector.errors import (
    ConfigurationError,
    ConnectorError,
    OutcomeUnknownError,
    RateLimitedError,
    RemoteUnavailableError,
    WooRejectedError,
)
from connector.throttle.retry_after import retry_after_s
from connector.woocommerce.canonical import read_json

NO_ROUTE = "rest_no_route"

_EMAIL = re.compile(r"[^\s<>\"',;:]+@[^\s<>\"',;:]+")
_TAG = re.compile(r"<[^<>]*>")
_CODE = re.compile(r"[A-Za-z0-9_.-]{1,100}")
_MOST_TEXT = 300
_MOST_PARAMETERS = 10

_TEMPORARY = frozenset({408, 425})  # the server gave up waiting or asks for a repeat: no refusal of what was sent

_PAUSE_S = 30.0  # where the shop names none; its plug-ins count per minute

_LOOK_AT_SHOP = "Open the shop in a browser. If it shows a maintenance or error page, wait or ask the shop's host; "


@dataclass(frozen=True)
class Reply:
    """One answer as it came. `request` is what was asked, for messages: method and path, never the query."""

    request: str
    host: str
    is_write: bool
    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Refusal:
    """The shop's own error object: code, readable message, names of the parameters it complains of."""

    code: str
    message: str
    parameters: tuple[str, ...]


def open_reply(reply: Reply) -> Any:
    """Returns the JSON content of a good answer.

    Raises:
        ConfigurationError: 401, 403, a redirect, or no WooCommerce at this address; nothing was executed.
        RateLimitedError: 429; nothing was executed.
        WooRejectedError: Another 4xx: the shop understood and said no.
        RemoteUnavailableError: 5xx or an unreadable answer to a read.
        OutcomeUnknownError: 5xx or an unreadable answer to a write.
    """
    if 200 <= reply.status < 300:
        return _content(reply)
    raise _error_of(reply, read_refusal(reply.body))


def unclear(request: str, *, host: str, is_write: bool, what: str, resolution: str = "") -> ConnectorError:
    """Returns the error for an answer that was not seen or not understood: harmless for a read, open for a write."""
    if is_write:
        return OutcomeUnknownError(
            f"The shop {host} gave no clear answer to {request}: {what}. It may have been done.",
            resolution=resolution or "Nothing to do: the connector looks at the shop before it writes again.",
        )
    return RemoteUnavailableError(
        f"The shop {host} gave no usable answer to {request}: {what}.",
        resolution=resolution or f"{_LOOK_AT_SHOP}the connector tries again by itself.",
    )


def read_refusal(body: bytes) -> Refusal | None:
    """Reads the shop's error object; None if the body is something else.

    `data.params` is an object name -> text for wrong values and a list of names for missing ones; refund errors
    carry the bare number 500 as `data`.
    """
    try:
        content = read_json(body)
    except ValueError:
        return None
    if not isinstance(content, dict) or not isinstance(content.get("code"), str) or "message" not in content:
        return None
    return refusal_of(content)


def refusal_of(content: Mapping[str, Any]) -> Refusal:
    """Reads an error object that stands for itself or for one element of a batch."""
    code = content.get("code")
    is_code = isinstance(code, str) and _CODE.fullmatch(code)
    data = content.get("data")
    return Refusal(
        str(code) if is_code else "unreadable_code",
        _readable(content.get("message", "")),
        _parameters(data.get("params") if isinstance(data, dict) else None),
    )


def _error_of(reply: Reply, refusal: Refusal | None) -> ConnectorError:
    if reply.status < 400:
        return _redirected(reply)
    if reply.status in (401, 403):
        return _not_allowed(reply, refusal)
    if reply.status == 429:
        return _too_fast(reply)
    if reply.status >= 500 or reply.status in _TEMPORARY:
        return _unclear(reply, f"HTTP {reply.status}{_in_words(refusal)}")
    if reply.status == 404 and (refusal is None or refusal.code == NO_ROUTE):
        return _no_api(reply, refusal)
    return _rejected(reply, refusal)


def _content(reply: Reply) -> Any:
    try:
        return read_json(reply.body)
    except ValueError as error:
        media_type = reply.headers.get("Content-Type", "").partition(";")[0][:40] or "no type"
        raise _unclear(reply, f"HTTP {reply.status} with {media_type} of {len(reply.body)} bytes, {error}") from None


def _too_fast(reply: Reply) -> ConnectorError:
    return RateLimitedError(
        f"The shop {reply.host} asks for a pause ({reply.request}: HTTP 429).",
        retry_after_s=retry_after_s(reply.headers.get("Retry-After"), default_s=_PAUSE_S),
        resolution="Nothing to do; if it goes on, lower shop.requests_per_s in the store file.",
    )


def _unclear(reply: Reply, what: str) -> ConnectorError:
    return unclear(reply.request, host=reply.host, is_write=reply.is_write, what=what)


def _redirected(reply: Reply) -> ConnectorError:
    try:
        target = urlsplit(reply.headers.get("Location", ""))
        where = f"{target.scheme}://{target.hostname}" if target.hostname else "elsewhere"
    except ValueError:
        where = "elsewhere"
    return ConfigurationError(
        f"The shop's address {reply.host} is not the final one: {reply.request} was redirected to {where} "
        f"(HTTP {reply.status}), and redirects are not followed.",
        resolution="Set the store's address to the one the browser ends at (https, with or without www), "
        "with `connector store add`.",
        status=reply.status,
    )


def _not_allowed(reply: Reply, refusal: Refusal | None) -> ConnectorError:
    return ConfigurationError(
        f"The shop {reply.host} does not let us in ({reply.request}: HTTP {reply.status}{_in_words(refusal)}).",
        resolution=_why_not_allowed(refusal),
        status=reply.status,
        remote_code=refusal.code if refusal else "",
    )


_CAUSES = (
    ("permissions", "The API key is for reading or for writing only: set it to Read/Write in WooCommerce > Settings > "
     "Advanced > REST API."),
    ("secret", "The consumer secret does not belong to the key: make a new one and store it with "
     "`connector store add`."),
    ("consumer key", "The shop does not know the consumer key: it was revoked, or belongs to another shop. Make a "
     "new one and store it with `connector store add`."),
    ("timestamp", "The clocks of this machine and of the shop are more than 15 minutes apart: correct the wrong one."),
    ("signature", "Either the consumer secret is wrong, or the shop believes to be at another address than the store's "
     "(scheme, host or port). Store the secret anew with `connector store add`; if that does not help, use the shop's "
     "own address, https if it has it."),
)  # fmt: skip
"""What a person does about a 401, by a word of the shop's message."""


def _why_not_allowed(refusal: Refusal | None) -> str:
    if refusal is None:
        return (
            "The refusal does not come from WooCommerce: a password page, firewall or security plug-in stands in "
            "front. Let the connector's address and /wp-json/wc/ through."
        )
    for word, remedy in _CAUSES:
        if word in refusal.message.lower():
            return remedy
    return (
        "The shop saw no valid key. Check in this order: the key exists and its user is shop manager; the web server "
        "passes the Authorization header on; behind a TLS proxy the shop knows that it is called by https (Basic is "
        "ignored over plain http); permalinks are not 'plain'."
    )


def _no_api(reply: Reply, refusal: Refusal | None) -> ConnectorError:
    return ConfigurationError(
        f"There is no WooCommerce REST API at {reply.host} ({reply.request}: HTTP 404{_in_words(refusal)}).",
        resolution="Check the store's address (a shop in a sub-folder needs it), that WooCommerce is active, and that "
        "permalinks are not 'plain'.",
        status=404,
        remote_code=NO_ROUTE,
    )


def _rejected(reply: Reply, refusal: Refusal | None) -> ConnectorError:
    return WooRejectedError(
        f"The shop {reply.host} refused {reply.request}: HTTP {reply.status}{_in_words(refusal)}.",
        status=reply.status,
        remote_code=refusal.code if refusal else "",
        resolution="Read the shop's reason; correct the order or the shop's settings, then release the exchange.",
    )


def _in_words(refusal: Refusal | None) -> str:
    if refusal is None:
        return ""
    named = f" [{'; '.join(refusal.parameters)}]" if refusal.parameters else ""
    return f", {refusal.code}: {refusal.message}{named}"


def _parameters(params: object) -> tuple[str, ...]:
    if isinstance(params, dict):
        texts = [f"{name}: {text}" for name, text in params.items()]
    elif isinstance(params, list):
        texts = [f"{name} is missing" for name in params]
    else:
        texts = []
    return tuple(_readable(text) for text in texts[:_MOST_PARAMETERS])


def _readable(text: object) -> str:
    """Makes a message of the shop fit to be shown: no tags, no entities, no e-mail addresses, not endless."""
    plain = " ".join(html.unescape(_TAG.sub(" ", str(text))).split())
    return _EMAIL.sub("(e-mail)", plain)[:_MOST_TEXT].rstrip(". ")
