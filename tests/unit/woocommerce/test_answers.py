"""Every recorded refusal of the shop becomes the error that says what to do next."""

from __future__ import annotations

import json
from typing import Any

import pytest

from connector.errors import (
    ConfigurationError,
    ConnectorError,
    OutcomeUnknownError,
    RateLimitedError,
    RemoteUnavailableError,
    WooRejectedError,
)
from connector.woocommerce.answers import Reply, open_reply
from tests.unit.woocommerce.recorded import FOLDER, exchange, exchange_names

REFUSED = [name for name in exchange_names() if exchange(name)["status"] >= 400]
AUTHENTICATION = json.loads((FOLDER / "rest-recorded" / "authentication.json").read_text(encoding="utf-8"))["cases"]


def _reply(status: int, body: Any, *, is_write: bool = False, headers: dict[str, str] | None = None) -> Reply:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    request = "PUT orders/52" if is_write else "GET orders/52"
    return Reply(request, "shop.example", is_write, status, headers or {}, raw)


def _error(reply: Reply) -> ConnectorError:
    with pytest.raises(ConnectorError) as caught:
        open_reply(reply)
    return caught.value


def _expected(status: int, code: str, *, is_write: bool) -> type[ConnectorError]:
    if status in (401, 403) or code == "rest_no_route":
        return ConfigurationError
    if status >= 500:
        return OutcomeUnknownError if is_write else RemoteUnavailableError
    return WooRejectedError


@pytest.mark.parametrize("name", REFUSED)
def test_recorded_refusal_becomes_its_error(name: str) -> None:
    recorded = exchange(name)
    is_write = recorded["request"]["method"] != "GET"
    code = recorded["body"]["code"]

    error = _error(_reply(recorded["status"], recorded["body"], is_write=is_write))

    assert type(error) is _expected(recorded["status"], code, is_write=is_write)
    assert code in error.message
    assert error.resolution


@pytest.mark.parametrize("name", [name for name in REFUSED if exchange(name)["status"] < 500])
def test_recorded_refusal_keeps_status_and_code(name: str) -> None:
    recorded = exchange(name)

    error = _error(_reply(recorded["status"], recorded["body"]))

    assert error.context["status"] == recorded["status"]
    assert error.context["remote_code"] == recorded["body"]["code"]


@pytest.mark.parametrize("name", [name for name in exchange_names() if exchange(name)["status"] < 300])
def test_recorded_good_answer_is_its_content(name: str) -> None:
    recorded = exchange(name)

    assert open_reply(_reply(recorded["status"], recorded["body"])) is not None


@pytest.mark.parametrize("case", [case for case in AUTHENTICATION if case["status"] == 401], ids=lambda c: c["request"])
def test_recorded_401_pauses_the_store_and_names_a_cause(case: dict[str, Any]) -> None:
    error = _error(_reply(401, case["body"], is_write="PUT" in case["request"]))

    assert type(error) is ConfigurationError
    assert case["body"]["message"].rstrip(".") in error.message
    assert error.resolution


@pytest.mark.parametrize(
    ("message", "advice"),
    [
        ("The API key provided does not have write permissions.", "Read/Write"),
        ("Consumer secret is invalid.", "new one"),
        ("Consumer key is invalid.", "revoked"),
        ("Invalid timestamp.", "clocks"),
        ("Invalid signature - provided signature does not match.", "another address"),
        ("Invalid signature - provided signature does not match.", "the consumer secret is wrong"),
        ("Sorry, you cannot list resources.", "https"),
    ],
)
def test_cause_of_a_401_decides_the_advice(message: str, advice: str) -> None:
    error = _error(_reply(401, {"code": "woocommerce_rest_authentication_error", "message": message}))

    assert advice in error.resolution


def test_wrong_values_are_named_with_the_shops_reason() -> None:
    error = _error(_reply(400, exchange("orders-modified-after-bad")["body"]))

    assert "[modified_after: Invalid date]" in error.message


def test_missing_values_are_named() -> None:
    error = _error(_reply(400, exchange("category-create-missing-name")["body"], is_write=True))

    assert "[name is missing]" in error.message


def test_message_is_shown_without_entities_and_without_persons() -> None:
    coupon = _error(_reply(400, exchange("order-create-bad-coupon")["body"], is_write=True))
    account = _error(_reply(400, exchange("customer-create-duplicate-email")["body"], is_write=True))

    assert 'Coupon "NOSUCH" does not exist' in coupon.message
    assert "john.o" not in account.message
    assert "(e-mail)" in account.message


def test_endless_reason_is_cut() -> None:
    error = _error(_reply(400, exchange("order-create-bad-currency")["body"], is_write=True))

    assert "currency is not one of AED" in error.message
    assert len(error.message) < 800


@pytest.mark.parametrize(("header", "expected_s"), [({"Retry-After": "7"}, 7), ({}, 30), ({"Retry-After": "soon"}, 30)])
def test_429_says_how_long_to_wait(header: dict[str, str], expected_s: float) -> None:
    error = _error(_reply(429, b"<html>slow down</html>", is_write=True, headers=header))

    assert isinstance(error, RateLimitedError)
    assert error.retry_after_s == expected_s


@pytest.mark.parametrize("status", [408, 500, 502, 503, 504, 520])
@pytest.mark.parametrize(("is_write", "expected"), [(False, RemoteUnavailableError), (True, OutcomeUnknownError)])
def test_sick_shop_is_waited_for_or_looked_at(status: int, is_write: bool, expected: type[ConnectorError]) -> None:
    assert type(_error(_reply(status, b"<html>Briefly unavailable</html>", is_write=is_write))) is expected


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<!DOCTYPE html><title>Maintenance</title>",
        b"<br />\n<b>Warning</b>: x in y.php\n[]",
        b"\xff",
        b"[" * 100_000,
    ],
    ids=lambda body: repr(body[:12]),
)
@pytest.mark.parametrize(("is_write", "expected"), [(False, RemoteUnavailableError), (True, OutcomeUnknownError)])
def test_200_without_json_is_no_answer(body: bytes, is_write: bool, expected: type[ConnectorError]) -> None:
    error = _error(_reply(200, body, is_write=is_write, headers={"Content-Type": "text/html; charset=UTF-8"}))

    assert type(error) is expected
    assert "text/html" in error.message


def test_404_that_is_not_woocommerces_means_a_wrong_address() -> None:
    error = _error(_reply(404, b"<html>Not found</html>"))

    assert type(error) is ConfigurationError
    assert "permalinks" in error.resolution


def test_403_of_a_firewall_is_told_from_one_of_the_shop() -> None:
    error = _error(_reply(403, b"<html>Access denied</html>"))

    assert type(error) is ConfigurationError
    assert "firewall" in error.resolution


@pytest.mark.parametrize("status", [301, 302, 307, 308])
@pytest.mark.parametrize("is_write", [False, True])
def test_redirect_is_a_wrong_address_and_not_followed(status: int, is_write: bool) -> None:
    location = {"Location": "https://www.shop.example/wp-json/wc/v3/orders?token=secret"}

    error = _error(_reply(status, b"", is_write=is_write, headers=location))

    assert type(error) is ConfigurationError
    assert "https://www.shop.example" in error.message
    assert "secret" not in error.message


def test_redirect_to_nowhere_is_still_told() -> None:
    assert "elsewhere" in _error(_reply(302, b"", headers={"Location": "http://[::bad"})).message


@pytest.mark.parametrize("status", [405, 406, 413])
def test_other_4xx_without_the_shops_error_object_is_a_refusal(status: int) -> None:
    error = _error(_reply(status, b"<html>no</html>", is_write=True))

    assert isinstance(error, WooRejectedError)
    assert (error.status, error.remote_code) == (status, "")
