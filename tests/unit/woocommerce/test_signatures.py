"""The signature check over recorded deliveries."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connector.woocommerce.webhooks import is_ping, signature_matches
from tests.unit.woocommerce.recorded import SECRET, Delivery, delivery, signed_deliveries


@pytest.mark.parametrize("one", signed_deliveries(), ids=lambda one: one.name)
def test_recorded_signature_verifies_over_the_raw_bytes(one: Delivery) -> None:
    assert signature_matches(one.body, secret=SECRET, signature=one.signature)


@pytest.mark.parametrize("one", signed_deliveries(), ids=lambda one: one.name)
def test_one_changed_byte_breaks_the_signature(one: Delivery) -> None:
    changed = bytearray(one.body)
    changed[len(changed) // 2] ^= 1

    assert not signature_matches(bytes(changed), secret=SECRET, signature=one.signature)


@pytest.mark.parametrize("one", signed_deliveries(), ids=lambda one: one.name)
def test_reserialised_body_does_not_verify_unless_it_is_the_same_text(one: Delivery) -> None:
    again = json.dumps(json.loads(one.body), ensure_ascii=False).encode("utf-8")

    assert again != one.body
    assert not signature_matches(again, secret=SECRET, signature=one.signature)


def test_another_secret_does_not_verify() -> None:
    one = delivery("02-order-created-guest-order")

    assert not signature_matches(one.body, secret=f"{SECRET} ", signature=one.signature)


def test_without_a_secret_nothing_verifies() -> None:
    one = delivery("02-order-created-guest-order")

    assert not signature_matches(one.body, secret="", signature=one.signature)
    assert not signature_matches(b"", secret="", signature="thNnmggU2ex3L5XXeMNfxf8Wl8STcVZTxscSFEKSxa0=")


def test_secret_is_used_as_utf8_with_its_blanks_and_quotes() -> None:
    signature = "B+njKC2sjzSQWSnF6A8CqJ3Z6GXKuRbVViyFbMBH2MM="

    assert signature_matches(b"{}", secret=' čć "&< ', signature=signature)


@settings(max_examples=200)
@given(signature=st.text(max_size=80))
def test_any_invented_signature_is_refused_without_an_error(signature: str) -> None:
    assert not signature_matches(b'{"id":1}', secret=SECRET, signature=signature)


def test_recorded_ping_is_a_ping() -> None:
    ping = delivery("01-ping")

    assert is_ping(ping.body, ping.headers["Content-Type"])
    assert is_ping(ping.body, "Application/X-WWW-Form-Urlencoded; charset=UTF-8")


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"webhook_id=6", "application/json"),
        (b"webhook_id=6", None),
        (b"webhook_id=6&x=1", "application/x-www-form-urlencoded"),
        (b"webhook_id=", "application/x-www-form-urlencoded"),
        (b"webhook_id=6\n", "application/x-www-form-urlencoded"),
        ("webhook_id=٦".encode(), "application/x-www-form-urlencoded"),
        (b'{"id":6}', "application/x-www-form-urlencoded"),
    ],
)
def test_anything_else_unsigned_is_no_ping(body: bytes, content_type: str | None) -> None:
    assert not is_ping(body, content_type)
