"""What the connector may write to the shop, checked before it is sent; used by client.py and elements.py.

The shop itself is no judge: it takes wrong values silently (behaviour.md section 4), and what it stores in another
form than it was sent would look like a change made by a person.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from connector.errors import InvalidPayloadError
from connector.woocommerce.canonical import JSONDict

_TOPIC = re.compile(
    r"(coupon|customer|order|product)\.(created|updated|deleted|restored)|action\.(woocommerce|wc)_[a-z0-9_]+"
)


class Written(BaseModel):
    """Base of everything the connector writes: no unknown field, no value of another type."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, hide_input_in_errors=True)


class WrittenMeta(Written):
    """One meta row. Only texts: the shop turns true into "1" and 12.50 into "12.5". None with an id removes it."""

    id: int | None = None
    key: str = Field(min_length=1, max_length=255)
    value: str | None


class OrderChanges(Written):
    """What may be changed on an order: its status and meta rows."""

    status: str | None = Field(default=None, pattern="^[a-z][a-z0-9-]{0,19}$")
    meta_data: list[WrittenMeta] | None = Field(default=None, min_length=1)


class Note(Written):
    """A note on an order; a customer note is sent to the customer by e-mail."""

    note: str
    customer_note: bool = False

    @field_validator("note")
    @classmethod
    def _says_something(cls, value: str) -> str:
        if not value.strip():
            raise ValueError("the note is empty")
        return value


class WebhookChanges(Written):
    """A webhook of the shop, or what is changed on one."""

    name: str | None = Field(default=None, min_length=1, max_length=200)
    topic: str | None = None
    delivery_url: str | None = None
    secret: str | None = None
    status: str | None = Field(default=None, pattern="^(active|paused|disabled)$")

    @field_validator("topic")
    @classmethod
    def _is_known(cls, value: str | None) -> str | None:
        if value is not None and not _TOPIC.fullmatch(value):
            raise ValueError("the shop has no such topic")
        return value

    @field_validator("delivery_url")
    @classmethod
    def _is_an_address(cls, value: str | None) -> str | None:
        if value is not None:
            parts = urlsplit(value)
            if parts.scheme not in ("http", "https") or not parts.hostname or "@" in parts.netloc:
                raise ValueError("no http or https address without user name")
        return value

    @field_validator("secret")
    @classmethod
    def _is_a_secret(cls, value: str | None) -> str | None:
        """The shop replaces an empty secret or "0" by one of its own that nobody can read."""
        if value is not None and len(value) < 8:
            raise ValueError("the secret must have at least 8 characters")
        return value


def checked(model: type[BaseModel], content: JSONDict | dict[str, Any], *, request: str) -> JSONDict:
    """Returns `content` as it will be sent.

    Raises:
        InvalidPayloadError: It holds nothing, or something the connector must not write; names the fields.
    """
    try:
        sent = model.model_validate(content).model_dump(exclude_unset=True)
    except ValidationError as error:
        raise InvalidPayloadError(
            f"{request} was not sent to the shop: {complaints(error)}.",
            resolution="Correct the value in the mapping or configuration it comes from, then release the exchange.",
        ) from None
    if not sent:
        raise InvalidPayloadError(f"{request} was not sent to the shop: there is nothing to write.")
    return sent


def complaints(error: ValidationError) -> str:
    """Returns field and complaint of each wrong value, never the value."""
    return "; ".join(
        f"{'.'.join(str(part) for part in item['loc'])}: {item['msg'].removeprefix('Value error, ')}".removeprefix(": ")
        for item in error.errors(include_input=False, include_url=False, include_context=False)
    )
