"""How a shop is addressed and which way of authenticating is chosen."""

from __future__ import annotations

import re
from typing import Any

import pytest
import requests
from oauthlib.oauth1 import SIGNATURE_HMAC_SHA256, Client
from requests.auth import HTTPBasicAuth

from connector.errors import ConfigurationError
from connector.woocommerce.auth import api_root, choose_auth

ROOT = "https://shop.example/wp-json/wc/v3"


@pytest.mark.parametrize(
    ("given", "root"),
    [
        ("https://shop.example", ROOT),
        (" https://shop.example/ ", ROOT),
        ("HTTPS://shop.example", ROOT),
        (f"{ROOT}/", ROOT),
        ("https://example/shop/", "https://example/shop/wp-json/wc/v3"),
        ("http://127.0.0.1:8091", "http://127.0.0.1:8091/wp-json/wc/v3"),
    ],
)
def test_address_of_the_shop_gives_the_address_of_its_api(given: str, root: str) -> None:
    assert api_root(given) == root


@pytest.mark.parametrize(
    "given",
    ["", "shop.example", "ftp://shop.example", "https://", "https://u:secret@shop.example", "https://shop.example/?a=1",
     "https://shop.example/#x", "https://shop .example", "https://shop.example:port", "http://[::bad"],
)  # fmt: skip
def test_unusable_address_is_refused_without_repeating_it(given: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        api_root(given)

    assert "secret" not in str(caught.value)


def _auth(root: str, *, key: str = "ck_1", secret: str = "cs_1", plain: bool = False) -> requests.auth.AuthBase:
    return choose_auth(root, consumer_key=key, consumer_secret=secret, allow_plain_http=plain)


def test_https_is_basic() -> None:
    assert isinstance(_auth(ROOT), HTTPBasicAuth)


def test_plain_http_is_refused_unless_the_store_allows_it() -> None:
    with pytest.raises(ConfigurationError, match="plain http"):
        _auth("http://shop.example/wp-json/wc/v3")


def test_plain_http_is_signed_in_the_header_and_never_sends_the_secret() -> None:
    request = requests.Request(
        "PUT", "http://shop.example/wp-json/wc/v3/orders/5?include%5B0%5D=1", data=b"{}",
        headers={"Content-Type": "application/json"}, auth=_auth("http://shop.example/wp-json/wc/v3", plain=True),
    ).prepare()  # fmt: skip

    header = request.headers["Authorization"]
    signed = header.decode() if isinstance(header, bytes) else header
    assert signed.startswith("OAuth ")
    assert 'oauth_signature_method="HMAC-SHA256"' in signed
    assert "cs_1" not in f"{signed} {request.url}"
    assert "oauth" not in (request.url or "")
    assert request.body == b"{}"


@pytest.mark.parametrize(
    "url",
    [
        "http://shop.example/wp-json/wc/v3/orders/5",
        "http://shop.example:80/wp-json/wc/v3/orders",
        "http://127.0.0.1:8091/wp-json/wc/v3/products/batch",
        "http://[::1]:8091/wp-json/wc/v3/products",
        "http://shop.example/a b/wp-json/wc/v3/products?sku=A-1,B%2F2,%C4%8D&sku=a~b&_fields=id,sku&search=a+b&empty=",
        "http://shop.example/wp-json/wc/v3/orders?include%5B0%5D=9&include%5B1%5D=10&modified_after=2026-11-29T08:00:00",
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_signature_is_the_one_oauthlib_makes(url: str, method: str) -> None:
    """It checks what others sign for us, so it may judge what we sign."""
    auth = _auth("http://shop.example/wp-json/wc/v3", secret="cs_1+&/%", plain=True)
    request = requests.Request(method, url, headers={"Content-Type": "application/json"}, auth=auth).prepare()

    header = str(request.headers["Authorization"])
    sent = dict(re.findall(r'(\w+)="([^"]*)"', header))
    judge: dict[str, Any] = {"nonce": sent["oauth_nonce"], "timestamp": sent["oauth_timestamp"]}
    client = Client("ck_1", client_secret="cs_1+&/%", signature_method=SIGNATURE_HMAC_SHA256, **judge)
    _, headers, _ = client.sign(str(request.url), http_method=method)
    assert sent == dict(re.findall(r'(\w+)="([^"]*)"', headers["Authorization"]))


@pytest.mark.parametrize(
    ("key", "secret"), [("", "cs_1"), ("ck_1", ""), ("ck 1", "cs_1"), ("ck_1", "cs_č"), ("ck_1\n", "x")]
)
def test_unusable_keys_are_refused_without_repeating_them(key: str, secret: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        _auth(ROOT, key=key, secret=secret)

    assert "cs_č" not in str(caught.value)
