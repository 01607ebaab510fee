"""The envelopes of ION's messaging service (IMS v2 and v3) and what it is answered. Called by webhook_receiver/ion_routes.py.

Source: reference ion/delivery.md section 2. Only `documentName` is known to be always there; everything else is optional.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from connector.errors import InvalidPayloadError

MOST_PARAMETER_BYTES = 64 * 1024
KEPT_FIELDS = (
    "documentName",
    "messageId",
    "fromLogicalId",
    "toLogicalId",
    "encoding",
    "characterSet",
    "accountingEntity",
    "location",
    "documentId",
    "revisionId",
    "variationId",
    "batchId",
    "batchSequence",
    "batchSize",
    "source",
)
LONGEST_FIELD = 300
"""ION's own limit of a message id is 250."""
NO_PARAMETERS = "ParameterRequest is missing or is not JSON"
NO_PAYLOAD = "MessagePayload is missing"
PARAMETER_PART, PAYLOAD_PART = "ParameterRequest", "MessagePayload"

PING = {"status": "OK", "code": 200}
PROTOCOL = {
    "version": "v3",
    "messageMethod": "multipartMessage",
    "supportedEncoding": "NONE",
    "supportedCharacterSet": "UTF-8",
    "hasDiscovery": False,
    "message_ContentType": "application/json",
}
"""`NONE`: ION shall not compress."""


def accepted() -> dict[str, object]:
    """Returns the answer to a message that is stored."""
    return {"status": "OK", "code": 202, "message": "stored"}


def rejected(code: int, reason: str) -> dict[str, object]:
    """Returns the answer to a message that is not taken."""
    return {"status": "ERROR", "code": code, "message": reason}


@dataclass(frozen=True)
class Parameters:
    """The parameters of a message, as far as they are kept: all texts, none longer than LONGEST_FIELD."""

    kept: Mapping[str, str]

    @property
    def message_id(self) -> str:
        """The id that stays the same when ION delivers the message again; empty if it has none."""
        return self.kept.get("messageId", "")

    @property
    def document_name(self) -> str:
        """`Verb.Noun`, as the sender says."""
        return self.kept.get("documentName", "")

    @property
    def variation(self) -> int | None:
        """The version of the document, as the sender says; the document's own word counts more."""
        text = self.kept.get("variationId", "")
        return int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else None


@dataclass(frozen=True)
class Part:
    """One part of a multipart message: its name, and its content if it is short enough to be the parameters."""

    name: str
    start: bytes | None


def read_parameters(text: bytes) -> Parameters:
    """Reads a ParameterRequest.

    Raises:
        InvalidPayloadError: It is no JSON object.
    """
    content = _json_object(text)
    if content is None:
        raise InvalidPayloadError(NO_PARAMETERS)
    return _parameters(content)


def choose_parts(parts: Iterable[Part], *, by_name: bool) -> tuple[int, int]:
    """Returns the positions of the parameters and of the document.

    Args:
        parts: The parts in the order they came.
        by_name: Their names tell (v3). In v2 ION does not keep to the names, so the part that is a JSON object with a
            document name is the parameters.

    Raises:
        InvalidPayloadError: One of the two is missing.
    """
    given = list(parts)
    if by_name:
        places = {part.name: place for place, part in reversed(list(enumerate(given)))}
        parameters, payload = places.get(PARAMETER_PART), places.get(PAYLOAD_PART)
    else:
        parameters = next((place for place, part in enumerate(given) if _are_parameters(part)), None)
        payload = next((place for place in range(len(given)) if place != parameters), None)
    if parameters is None or given[parameters].start is None:
        raise InvalidPayloadError(NO_PARAMETERS)
    if payload is None:
        raise InvalidPayloadError(NO_PAYLOAD)
    return parameters, payload


def read_message(body: bytes) -> tuple[Parameters, str | bytes]:
    """Reads the single JSON body of v2: the parameters, and the document (bytes if it was sent as base64).

    Raises:
        InvalidPayloadError: It is no JSON object with a document.
    """
    content = _json_object(body)
    if content is None:
        raise InvalidPayloadError("The message is missing or is not JSON")
    document = content.pop("document", None)
    value = document.get("value") if isinstance(document, dict) else None
    if not isinstance(value, str):
        raise InvalidPayloadError("document.value is missing")
    names = {name: document[name] for name in ("encoding", "characterSet") if name in document}
    return _parameters({**content, **names}), _decoded(value, names.get("encoding"))


def _decoded(value: str, encoding: object) -> str | bytes:
    """Returns a compressed document as bytes; JSON can only carry those as base64."""
    if encoding in (None, "", "NONE") or value.lstrip()[:1] == "<":
        return value
    try:
        return base64.b64decode(value, validate=True)
    except ValueError:
        return value


def _are_parameters(part: Part) -> bool:
    content = None if part.start is None else _json_object(part.start)
    return content is not None and "documentName" in content


def _json_object(text: bytes) -> dict[str, Any] | None:
    try:
        content = orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
    return content if isinstance(content, dict) else None


def _parameters(content: Mapping[str, Any]) -> Parameters:
    kept = {}
    for name in KEPT_FIELDS:
        value = content.get(name)
        if isinstance(value, str | int) and not isinstance(value, bool):
            kept[name] = "".join(letter for letter in str(value) if letter.isprintable())[:LONGEST_FIELD]
    return Parameters({name: value for name, value in kept.items() if value})
