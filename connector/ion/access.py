"""Who may deliver for a store: Basic, a key in a header, or OAuth 1.0a with two legs. Called by the receiver.

ION's API gateway calls with what the API suite is set up for (reference: ion/delivery.md section 4).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from oauthlib.oauth1 import SIGNATURE_HMAC_SHA1, SIGNATURE_HMAC_SHA256, RequestValidator, SignatureOnlyEndpoint

CLOCKS_APART_S = 300
"""A signed request is taken for so long; its nonce is remembered for twice as long."""
LONGEST_HEADER = 4096
LONGEST_NONCE = 200


@dataclass(frozen=True)
class IonSecrets:
    """What a store's senders may show; None for what is not set up. `basic` is user:password, `oauth` key:secret."""

    basic: str | None = field(repr=False)
    api_key: str | None = field(repr=False)
    oauth: str | None = field(repr=False)

    @property
    def are_there(self) -> bool:
        """Whether anything is set up."""
        return any((self.basic, self.api_key, self.oauth))


@dataclass(frozen=True)
class Asked:
    """A request as far as it is signed. Behind a proxy the sender may have used another address than we see."""

    method: str
    addresses: Sequence[str]  # complete, with query; one of them is the signed one
    headers: Mapping[str, str]

    def header(self, name: str) -> str:
        """Returns a header whatever its case, empty if it is not there."""
        return next((value for key, value in self.headers.items() if key.lower() == name.lower()), "")


RememberNonce = Callable[[str, int], bool]
"""Remembers a text for some seconds; False if it is remembered already."""


def may_deliver(asked: Asked, known: IonSecrets, *, api_key_header: str, remember_nonce: RememberNonce) -> bool:
    """Tells whether a request shows one of the store's secrets; each is compared in constant time.

    Args:
        asked: The request.
        known: The secrets of the store.
        api_key_header: The header that carries the API key.
        remember_nonce: Keeps a signed request from being sent a second time.
    """
    if known.api_key and _same(asked.header(api_key_header), known.api_key):
        return True
    authorization = asked.header("Authorization")[:LONGEST_HEADER]
    scheme, _, rest = authorization.partition(" ")
    if scheme.lower() == "basic" and known.basic:
        return _same_basic(rest, known.basic)
    if scheme.lower() == "oauth" and known.oauth:
        return _is_signed(asked, known.oauth, remember_nonce)
    return False


def _same(shown: str, known: str) -> bool:
    return hmac.compare_digest(shown.encode("utf-8", "replace"), known.encode("utf-8"))


def _same_basic(shown: str, known: str) -> bool:
    try:
        return hmac.compare_digest(base64.b64decode(shown.strip(), validate=True), known.encode("utf-8"))
    except (binascii.Error, ValueError):
        return False


def _is_signed(asked: Asked, known: str, remember_nonce: RememberNonce) -> bool:
    key, _, secret = known.partition(":")
    endpoint = SignatureOnlyEndpoint(_OneClient(key, secret))
    for address in asked.addresses:
        try:
            is_valid, request = endpoint.validate_request(address, asked.method, None, _signed_headers(asked))
        except ValueError:  # the header is no list of names and values
            return False
        if is_valid:
            text = f"{request.client_key}\n{request.timestamp}\n{request.nonce}"
            return remember_nonce(hashlib.sha256(text.encode()).hexdigest(), 2 * CLOCKS_APART_S)
    return False


def _signed_headers(asked: Asked) -> dict[str, str]:
    """Returns what the signature covers of the headers; the body of a message is not covered (RFC 5849, 3.4.1.3.1)."""
    return {"Authorization": asked.header("Authorization")}


class _OneClient(RequestValidator):
    """Tells the library about the one key of a store. Nonces are looked at after the signature, see `_is_signed`."""

    def __init__(self, key: str, secret: str) -> None:
        super().__init__()
        self._key = key
        self._secret = secret
        self.dummy_client = secrets.token_hex()

    enforce_ssl = False  # the proxy in front ends it
    allowed_signature_methods = (SIGNATURE_HMAC_SHA256, SIGNATURE_HMAC_SHA1)
    timestamp_lifetime = CLOCKS_APART_S
    dummy_client = ""

    def check_client_key(self, client_key: str) -> bool:
        """The gateway gives out keys of any form."""
        return bool(client_key)

    def check_nonce(self, nonce: str) -> bool:
        """The gateway's nonces have any form."""
        return 0 < len(nonce) <= LONGEST_NONCE

    def validate_client_key(self, client_key: str, request: object) -> bool:
        """Compares the key."""
        return _same(client_key, self._key)

    def validate_timestamp_and_nonce(self, *_: object, **__: object) -> bool:
        """The library has looked at the time; the nonce counts only if the signature is right."""
        return True

    def get_client_secret(self, client_key: str, request: object) -> str:
        """Returns the secret; one nobody has for another key."""
        return self._secret if _same(client_key, self._key) else secrets.token_hex()
