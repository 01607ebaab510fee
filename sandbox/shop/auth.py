"""Authenticates REST requests: Basic and query keys over https, OAuth 1.0a over both; called by `app`.

Source: rest-recorded/authentication.json.
"""

import base64
import binascii
import hashlib
import hmac
import re
import time
from dataclasses import dataclass
from urllib.parse import quote, unquote

from sandbox.shop.errors import RestError

_OAUTH = ("oauth_consumer_key", "oauth_timestamp", "oauth_nonce", "oauth_signature", "oauth_signature_method")
_WINDOW_S = 900
_HASHES = {"HMAC-SHA1": hashlib.sha1, "HMAC-SHA256": hashlib.sha256}


@dataclass(frozen=True)
class Key:
    """A consumer key; `permissions` is read, write or read_write."""

    key: str
    secret: str
    permissions: str


KEYS = {
    "ck_sandbox": Key("ck_sandbox", "cs_sandbox", "read_write"),
    "ck_readonly": Key("ck_readonly", "cs_readonly", "read"),
    "ck_writeonly": Key("ck_writeonly", "cs_writeonly", "write"),
}


@dataclass(frozen=True)
class Signed:
    """What authentication looks at: method, scheme and address as the site believes them, arguments, header."""

    method: str
    url: str
    is_https: bool
    pairs: tuple[tuple[str, str], ...]
    authorization: str


class Nonces:
    """Remembers nonces inside the time window, so that each is accepted once."""

    def __init__(self) -> None:
        self._seen: dict[tuple[str, str], int] = {}

    def use(self, key: str, nonce: str, *, stamp: int) -> bool:
        """Take a nonce; false if it was used before."""
        self._seen = {k: t for k, t in self._seen.items() if t >= time.time() - _WINDOW_S}
        if (key, nonce) in self._seen:
            return False
        self._seen[(key, nonce)] = stamp
        return True


def authenticate(request: Signed, *, nonces: Nonces, allow_basic_over_http: bool) -> Key | None:
    """Find the key of a request; None means nobody.

    Raises:
        RestError: 401 `woocommerce_rest_authentication_error` or `..._missing_parameter`.
    """
    if request.is_https or allow_basic_over_http:
        key = _basic(request)
        if key:
            return key
    return _oauth(request, nonces)


def check_permission(key: Key, method: str) -> None:
    """Refuse a method the key was not made for (401, not 403).

    Raises:
        RestError: 401 `woocommerce_rest_authentication_error`.
    """
    needed = "read" if method in {"GET", "HEAD"} else "write"
    if needed not in key.permissions:
        raise _refused(f"The API key provided does not have {needed} permissions.")


def _refused(message: str) -> RestError:
    return RestError("woocommerce_rest_authentication_error", message, status=401)


def _basic(request: Signed) -> Key | None:
    arguments = dict(request.pairs)
    name, secret = arguments.get("consumer_key", ""), arguments.get("consumer_secret", "")
    if not name or not secret:
        name, secret = _basic_header(request.authorization)
    key = KEYS.get(name)
    if key is None:
        return None
    if not hmac.compare_digest(key.secret.encode(), secret.encode()):
        raise _refused("Consumer secret is invalid.")
    return key


def _basic_header(header: str) -> tuple[str, str]:
    kind, _, encoded = header.partition(" ")
    if kind.lower() != "basic":
        return "", ""
    try:
        name, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return name, secret


def _oauth(request: Signed, nonces: Nonces) -> Key | None:
    arguments = dict(request.pairs)
    arguments.update(_oauth_header(request.authorization))
    missing = [name for name in _OAUTH if not arguments.get(name)]
    if len(missing) == len(_OAUTH):
        return None
    if missing:
        plural = "s" if len(missing) > 1 else ""
        message = f"Missing OAuth parameter{plural} {', '.join(missing)}"
        raise RestError("woocommerce_rest_authentication_missing_parameter", message, status=401)
    key = KEYS.get(arguments["oauth_consumer_key"])
    if key is None:
        raise _refused("Consumer key is invalid.")
    _check_signature(request, arguments=arguments, secret=key.secret)
    _check_time(arguments, nonces)
    return key


def _oauth_header(header: str) -> dict[str, str]:
    if not header.lower().startswith("oauth "):
        return {}
    pairs = re.findall(r'(oauth_[a-z_]+)="?([^",]*)"?', header)
    return {name: unquote(value) for name, value in pairs}


def _check_signature(request: Signed, *, arguments: dict[str, str], secret: str) -> None:
    algorithm = _HASHES.get(arguments["oauth_signature_method"])
    if algorithm is None:
        raise _refused("Invalid signature - signature method is invalid.")
    pairs = sorted((_escape(k), _escape(v)) for k, v in arguments.items() if k != "oauth_signature")
    joined = "&".join(f"{name}={value}" for name, value in pairs)
    base = "&".join((request.method, _escape(request.url), _escape(joined)))
    wanted = base64.b64encode(hmac.new(f"{secret}&".encode(), base.encode(), algorithm).digest())
    if not hmac.compare_digest(wanted, arguments["oauth_signature"].encode()):
        raise _refused("Invalid signature - provided signature does not match.")


def _escape(text: str) -> str:
    return quote(text, safe="~")


def _check_time(arguments: dict[str, str], nonces: Nonces) -> None:
    stamp = arguments["oauth_timestamp"]
    if not stamp.isdigit() or abs(time.time() - int(stamp)) > _WINDOW_S + 1:
        raise _refused("Invalid timestamp.")
    if not nonces.use(arguments["oauth_consumer_key"], arguments["oauth_nonce"], stamp=int(stamp)):
        raise _refused("Invalid nonce - nonce has already been used.")
