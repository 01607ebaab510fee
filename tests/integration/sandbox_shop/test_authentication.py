"""Each recorded way of authenticating gets the recorded answer."""

import time
from typing import Any

import pytest
import requests
from oauthlib.oauth1 import SIGNATURE_HMAC_SHA1, SIGNATURE_HMAC_SHA256, SIGNATURE_HMAC_SHA512, Client

from tests.integration.sandbox_shop.conftest import HTTPS, RunningShop
from tests.integration.sandbox_shop.recorded_shop import recorded

KEYS = ("ck_sandbox", "cs_sandbox")
QUERY_KEYS = {"consumer_key": KEYS[0], "consumer_secret": KEYS[1]}
ANSWERS = {case["request"]: case for case in recorded("authentication")["cases"]}


def signed_url(url: str, *, key: str = KEYS[0], secret: str = KEYS[1], method: str = "GET", **options: Any) -> str:
    options.setdefault("signature_method", SIGNATURE_HMAC_SHA1)
    client = Client(key, client_secret=secret, signature_type="QUERY", **options)
    return str(client.sign(url, http_method=method)[0])


def signed_header(url: str, method: str = "GET") -> dict[str, str]:
    _, headers, _ = Client(*KEYS).sign(url, http_method=method)
    return dict(headers)


def ask(url: str, *, method: str = "GET", **more: Any) -> requests.Response:
    return requests.request(method, url, timeout=60, **more)


def stamp(seconds: int) -> str:
    return str(int(time.time()) + seconds)


def check(answer: requests.Response, case: str) -> None:
    wanted = ANSWERS[case]
    assert answer.status_code == wanted["status"], answer.text
    assert "WWW-Authenticate" not in answer.headers
    if isinstance(wanted["body"], dict):
        assert answer.json() == wanted["body"]


@pytest.fixture
def orders(shop: RunningShop) -> str:
    return f"{shop.url}/wp-json/wc/v3/orders"


def test_keys_over_plain_http_are_ignored(orders: str) -> None:
    check(ask(orders), "no credentials, http")
    check(ask(orders, auth=KEYS), "basic over plain http")
    case = "query string consumer_key/consumer_secret over plain http"
    check(ask(orders, params=QUERY_KEYS), case)


def test_keys_over_https_are_looked_at(orders: str) -> None:
    check(ask(orders, auth=KEYS, headers=HTTPS), "basic over https")
    check(ask(orders, auth=(KEYS[0], "cs_no"), headers=HTTPS), "basic over https, wrong secret")
    check(ask(orders, auth=("ck_no", KEYS[1]), headers=HTTPS), "basic over https, unknown key")
    check(ask(orders, params=QUERY_KEYS, headers=HTTPS), "query string consumer_key/consumer_secret over https")
    wrong = {**QUERY_KEYS, "consumer_secret": "cs_no"}
    check(ask(orders, params=wrong, headers=HTTPS), "query string over https, wrong secret")


@pytest.mark.parametrize(
    ("method", "case"),
    [
        (SIGNATURE_HMAC_SHA1, "OAuth 1.0a query params HMAC-SHA1 over http"),
        (SIGNATURE_HMAC_SHA256, "OAuth 1.0a query params HMAC-SHA256 over http"),
        (SIGNATURE_HMAC_SHA512, "OAuth 1.0a query params HMAC-SHA512 over http"),
    ],
)
def test_two_signature_methods_are_known(orders: str, method: str, case: str) -> None:
    check(ask(signed_url(orders, signature_method=method)), case)


def test_oauth_header_is_read(orders: str) -> None:
    check(ask(orders, headers=signed_header(orders)), "OAuth 1.0a Authorization header over http")
    url = f"{orders}?per_page=5&page=1"
    check(ask(url, headers=signed_header(url)), "OAuth header + 2 query params")
    url = f"{orders}?modified_after=2026-11-22T01%3A48%3A00&search=a%20b"
    check(ask(signed_url(url)), "OAuth, params with : and space")


def test_array_parameters_verify_only_with_numbers(orders: str) -> None:
    twice = signed_url(f"{orders}?include%5B%5D=1&include%5B%5D=2")
    numbered = signed_url(f"{orders}?include%5B0%5D=1&include%5B1%5D=2")

    check(ask(twice), "OAuth, array param include[] twice, plain OAuth signing")
    check(ask(numbered), "OAuth, array param include[0],include[1]")


def test_tampered_or_foreign_signatures_are_refused(orders: str) -> None:
    check(ask(signed_url(orders, secret="cs_no")), "OAuth tampered signature")
    check(ask(signed_url(orders, key="ck_no")), "OAuth unknown key")
    check(ask(f"{orders}?oauth_consumer_key={KEYS[0]}"), "OAuth missing params")
    case = "OAuth signed for http url, site thinks https (X-Forwarded-Proto)"
    check(ask(signed_url(orders), headers=HTTPS), case)


def test_signature_over_https_address_is_accepted_behind_the_proxy(orders: str) -> None:
    signed = signed_url(orders.replace("http:", "https:")).replace("https:", "http:", 1)

    check(ask(signed, headers=HTTPS), "OAuth 1.0a signed for the https URL, site runs https")


def test_time_stamp_must_be_within_fifteen_minutes(orders: str) -> None:
    check(ask(signed_url(orders, timestamp=stamp(-900))), "OAuth timestamp exactly 15 min old (-900 s)")
    check(ask(signed_url(orders, timestamp=stamp(-904))), "OAuth timestamp 902 s old")
    check(ask(signed_url(orders, timestamp=stamp(905))), "OAuth timestamp 905 s ahead")


def test_nonce_is_accepted_once(orders: str) -> None:
    url = signed_url(orders)

    check(ask(url), "OAuth nonce first use")
    check(ask(url), "OAuth same nonce replayed")


def test_json_body_is_not_signed(shop: RunningShop) -> None:
    url = f"{shop.url}/wp-json/wc/v3/products/22"
    header = signed_header(url, "PUT")
    check(ask(url, method="PUT", json={"stock_quantity": 3}, headers=header), "OAuth header PUT JSON body")
    signed = signed_url(url, method="PUT")
    check(ask(signed, method="PUT", json={"stock_quantity": 3}), "OAuth PUT JSON body (body not in signature)")


def test_keys_are_bound_to_reading_or_writing(shop: RunningShop) -> None:
    reader, writer = ("ck_readonly", "cs_readonly"), ("ck_writeonly", "cs_writeonly")
    body = {"stock_quantity": 3}

    check(shop.call("GET", "orders", auth=reader), "read key: GET")
    check(shop.call("PUT", "products/22", json=body, auth=reader), "read key: PUT")
    check(shop.call("GET", "orders", auth=writer), "write key: GET")
    check(shop.call("PUT", "products/22", json=body, auth=writer), "write key: PUT")


def test_plain_permalinks_do_not_look_at_keys(shop: RunningShop) -> None:
    url = f"{shop.url}/?rest_route=/wc/v3/orders"

    check(ask(url, auth=KEYS, headers=HTTPS), "basic over https, address form /?rest_route=/wc/v3/orders")
    case = "query string over https, address form /?rest_route=/wc/v3/orders"
    check(ask(f"{url}&consumer_key={KEYS[0]}&consumer_secret={KEYS[1]}", headers=HTTPS), case)


def test_setting_allows_basic_over_plain_http(shop: RunningShop, orders: str) -> None:
    shop.control("settings", allow_basic_over_http=True)

    assert ask(orders, auth=KEYS).status_code == 200
