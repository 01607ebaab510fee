"""How a shop is addressed and which way of authenticating is chosen."""

from __future__ import annotations

import pytest
import requests
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
    ("key", "secret"), [("", "cs_1"), ("ck_1", ""), ("ck 1", "cs_1"), ("ck_1", "cs_č"), ("ck_1\n", "x")]
)
def test_unusable_keys_are_refused_without_repeating_them(key: str, secret: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        _auth(ROOT, key=key, secret=secret)

    assert "cs_č" not in str(caught.value)
