"""Sends a BOD to a receiver as ION would; called by `connector bods send`, to try one out."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import requests
from requests.auth import AuthBase, HTTPBasicAuth
from requests_oauthlib import OAuth1

from connector.errors import RemoteUnavailableError
from connector.ion.access import IonSecrets
from connector.ion.ims import PARAMETER_PART, PAYLOAD_PART

TIME_OUT_S = 90


@dataclass(frozen=True)
class Sender:
    """Where a message goes and what is shown there."""

    url: str  # the receiver's address: https://receiver.example
    store: str
    secrets: IonSecrets
    api_key_header: str


@dataclass(frozen=True)
class Answered:
    """What the receiver said."""

    status: int
    body: dict[str, Any]


def post_bod(sender: Sender, document: bytes, *, parameters: Mapping[str, str], v2: bool) -> Answered:
    """Posts a document as a multipart message; sent again with the same message id it calls for nothing.

    Args:
        sender: Where to.
        document: The BOD as it is to arrive, also compressed.
        parameters: The fields of its ParameterRequest.
        v2: As version 2, where the names of the parts mean nothing; else as version 3.

    Raises:
        RemoteUnavailableError: No receiver answered.
    """
    names = ("part1", "part2") if v2 else (PARAMETER_PART, PAYLOAD_PART)
    files = {
        names[0]: (f"{PARAMETER_PART}.json", json.dumps(parameters).encode(), "application/json"),
        names[1]: (PAYLOAD_PART, document, "application/octet-stream"),
    }
    address = f"{sender.url.rstrip('/')}/ion/{sender.store}/ims/{'v2' if v2 else 'v3'}/multipartMessage"
    try:
        answer = requests.post(
            address,
            files=files,
            headers=_key(sender),
            auth=_auth(sender.secrets),
            timeout=TIME_OUT_S,
            allow_redirects=False,
        )
    except requests.RequestException as error:
        raise RemoteUnavailableError(
            f"No receiver answered at {sender.url} ({type(error).__name__}).",
            resolution="Start it (`connector up`), or name its address with --url.",
        ) from None
    try:
        content = answer.json()
    except requests.JSONDecodeError:
        content = {}
    return Answered(answer.status_code, content if isinstance(content, dict) else {})


def _key(sender: Sender) -> dict[str, str]:
    return {sender.api_key_header: sender.secrets.api_key} if sender.secrets.api_key else {}


def _auth(secrets: IonSecrets) -> AuthBase | None:
    if secrets.api_key:
        return _Nothing()
    if secrets.basic:
        user, _, password = secrets.basic.partition(":")
        return HTTPBasicAuth(user.encode("utf-8"), password.encode("utf-8"))
    if secrets.oauth:
        key, _, secret = secrets.oauth.partition(":")
        signed: AuthBase = OAuth1(key, client_secret=secret, signature_method="HMAC-SHA256")
        return signed
    return _Nothing()


class _Nothing(AuthBase):
    """Keeps requests from looking for a password of its own in a .netrc file."""

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        return request
