"""The HTTP side of events: ION's multipart message and M3's JSON call; `post_office` uses it."""

import json
from enum import Enum

import requests

from sandbox.m3.events.message import Message
from sandbox.m3.events.settings import EventSettings
from sandbox.m3.tokens import TENANT

TRIED_AGAIN = frozenset((401, 500, 503, 504))
"""Reference ion/delivery.md §5; every other answer but 2xx is a document error: no retry."""


class Answered(Enum):
    """What the other side made of a message."""

    ACCEPTED = "accepted"
    TRY_AGAIN = "try again"
    REFUSED = "refused"


class Courier:
    """Owns the connection of one thread."""

    def __init__(self, settings: EventSettings) -> None:
        self._settings = settings
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.auth = settings.basic
        if settings.api_key:
            name, value = settings.api_key
            self._session.headers[name] = value

    def send(self, message: Message) -> Answered:
        """Send a message and say what came back; an answer that did not come means try again."""
        try:
            status = self._post(message)
        except requests.RequestException:
            return Answered.TRY_AGAIN
        if 200 <= status < 300:
            return Answered.ACCEPTED
        return Answered.TRY_AGAIN if status in TRIED_AGAIN else Answered.REFUSED

    def close(self) -> None:
        """Close the connection."""
        self._session.close()

    def _post(self, message: Message) -> int:
        settings = self._settings
        if not message.is_bod:
            answer = self._session.post(
                settings.event_url,
                data=message.payload,
                headers={"Content-Type": "application/json; charset=UTF-8"},
                timeout=settings.timeout_s,
                allow_redirects=False,
            )
            return answer.status_code
        parts: dict[str, tuple[str, str | bytes, str]] = {
            "ParameterRequest": ("ParameterRequest.json", json.dumps(message.parameters), "application/json"),
            "MessagePayload": ("MessagePayload", message.payload, "application/octet-stream"),
        }
        url = f"{settings.bod_url.rstrip('/')}/v3/multipartMessage"
        headers = {"X-TenantId": TENANT}
        answer = self._session.post(
            url, files=parts, headers=headers, timeout=settings.timeout_s, allow_redirects=False
        )
        return answer.status_code
