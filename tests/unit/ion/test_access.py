"""Who may deliver: Basic, a key in a header, OAuth 1.0a; signed by the library that ION's counterparts use too."""

from __future__ import annotations

import base64
import time
from collections.abc import Callable

import pytest
from oauthlib.oauth1 import SIGNATURE_HMAC_SHA1, SIGNATURE_HMAC_SHA256, SIGNATURE_PLAINTEXT, Client

from connector.ion.access import CLOCKS_APART_S, Asked, IonSecrets, may_deliver

URL = "https://receiver.example/ion/w1/ims/v3/multipartMessage"
ALL = IonSecrets(basic="ion:pä ss:word", api_key="k-123456789", oauth="key-1:secret-1")
NONE = IonSecrets(None, None, None)


class Nonces:
    """Remembers in memory."""

    def __init__(self) -> None:
        self.seen: set[str] = set()

    def __call__(self, text: str, seconds: int) -> bool:
        assert seconds >= CLOCKS_APART_S
        is_new = text not in self.seen
        self.seen.add(text)
        return is_new


def allowed(
    headers: dict[str, str],
    known: IonSecrets = ALL,
    *,
    urls: tuple[str, ...] = (URL,),
    nonces: Nonces | None = None,
) -> bool:
    asked = Asked("POST", urls, headers)
    return may_deliver(asked, known, api_key_header="X-API-Key", remember_nonce=nonces or Nonces())


def basic(text: str) -> dict[str, str]:
    return {"authorization": "Basic " + base64.b64encode(text.encode()).decode()}


def signed(
    method: str = SIGNATURE_HMAC_SHA256,
    *,
    key: str = "key-1",
    secret: str = "secret-1",
    at: int | None = None,
    url: str = URL,
) -> dict[str, str]:
    client = Client(key, client_secret=secret, signature_method=method, timestamp=None if at is None else str(at))
    return dict(client.sign(url, "POST", headers={"Content-Type": "multipart/form-data"})[1])


@pytest.mark.parametrize(
    "headers",
    [
        lambda: basic("ion:pä ss:word"),
        lambda: {"x-api-KEY": "k-123456789"},
        signed,  # when the test runs: a signature is good for minutes only
        lambda: signed(SIGNATURE_HMAC_SHA1),
    ],
    ids=["basic", "key", "oauth sha256", "oauth sha1"],
)
def test_each_of_the_stores_secrets_opens_the_door(headers: Callable[[], dict[str, str]]) -> None:
    assert allowed(headers())
    assert not allowed(headers(), NONE)


@pytest.mark.parametrize(
    "headers",
    [
        lambda: {},
        lambda: basic("ion:wrong"),
        lambda: basic(""),
        lambda: {"Authorization": "Basic"},
        lambda: {"Authorization": "Basic %%%"},
        lambda: {"Authorization": "Basic ä"},
        lambda: {"Authorization": "Bearer k-123456789"},
        lambda: {"Authorization": "OAuth"},
        lambda: {"Authorization": 'OAuth oauth_consumer_key="key-1"'},
        lambda: {"X-API-Key": ""},
        lambda: {"X-API-Key": "k-12345678"},
        lambda: {"X-API-Key": "\udcff"},
        lambda: signed(secret="wrong"),
        lambda: signed(key="key-2"),
        lambda: signed(SIGNATURE_PLAINTEXT),
        lambda: signed(at=int(time.time()) - CLOCKS_APART_S - 60),
        lambda: signed(at=int(time.time()) + CLOCKS_APART_S + 60),
        lambda: signed(url=URL + "?x=1"),
    ],
)
def test_nothing_else_does(headers: Callable[[], dict[str, str]]) -> None:
    assert not allowed(headers())


def test_empty_secrets_open_no_door() -> None:
    assert not allowed({"X-API-Key": ""}, IonSecrets("", "", ""))
    assert not allowed(basic(""), IonSecrets("", "", ""))


def test_a_signed_request_counts_once() -> None:
    nonces, headers = Nonces(), signed()

    assert allowed(headers, nonces=nonces)
    assert not allowed(headers, nonces=nonces)


def test_a_request_signed_for_the_proxys_address_counts_and_is_remembered_once() -> None:
    nonces = Nonces()
    inside = "http://10.0.0.7:8080/ion/w1/ims/v3/multipartMessage"

    assert allowed(signed(), urls=(inside, URL), nonces=nonces)
    assert len(nonces.seen) == 1


def test_secrets_are_not_shown() -> None:
    assert "secret-1" not in repr(ALL)
