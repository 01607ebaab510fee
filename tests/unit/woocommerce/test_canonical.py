"""One byte form and one hash for equal content."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from connector.woocommerce.canonical import canonical_json, content_hash, glance_json, read_json
from tests.unit.woocommerce.recorded import Delivery, full_orders


def test_fractions_are_read_as_the_digits_that_were_sent() -> None:
    assert read_json(b'{"price":3.1999999999999997,"n":3}') == {"price": Decimal("3.1999999999999997"), "n": 3}


@pytest.mark.parametrize("one", full_orders(), ids=lambda one: one.name)
def test_links_and_order_of_keys_do_not_matter_and_floats_equal_decimals(one: Delivery) -> None:
    sent = read_json(one.body)
    as_floats = json.loads(one.body)
    reordered = dict(sorted(as_floats.items(), reverse=True)) | {"_links": {}}

    assert content_hash(sent) == content_hash(as_floats) == content_hash(reordered)


def test_nothing_but_the_links_is_left_out() -> None:
    order = read_json(full_orders()[0].body)

    for key in order:
        without = {name: value for name, value in order.items() if name != key}
        assert (content_hash(without) == content_hash(order)) == (key == "_links")


def test_canonical_form_is_sorted_ascii_without_blanks() -> None:
    assert canonical_json({"b": [Decimal("12.90"), None], "a": "č"}) == b'{"a":"\\u010d","b":[12.9,null]}'


def test_number_beyond_every_double_is_still_written() -> None:
    assert canonical_json({"x": Decimal("1e400")}) == b'{"x":"1E+400"}'


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_what_json_cannot_say_is_refused(value: float) -> None:
    with pytest.raises(ValueError, match="JSON"):
        canonical_json({"x": value})


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=15,
)


@settings(max_examples=200)
@given(value=_json)
def test_canonical_form_read_and_written_again_is_the_same(value: Any) -> None:
    assert canonical_json(read_json(canonical_json(value))) == canonical_json(value)


_body = st.dictionaries(st.text(max_size=5), _json, max_size=4).map(lambda value: json.dumps(value).encode())


@settings(max_examples=300)
@given(body=_body)
def test_glance_gives_the_hash_of_a_full_reading(body: bytes) -> None:
    assume(all(abs(number) < 2**63 for number in map(int, re.findall(rb"-?\d{19,}", body))))

    assert content_hash(glance_json(body)) == content_hash(read_json(body))


@pytest.mark.parametrize("body", [b'{"a":"\\ud800"}', b'{"a":1e400}', b'{"a":123456789012345678901234567890}'])
def test_glance_takes_what_a_full_reading_takes(body: bytes) -> None:
    assert set(glance_json(body)) == set(read_json(body))
    assert content_hash(glance_json(body)) == content_hash(glance_json(body))


@pytest.mark.parametrize("body", [b"{", b'{"a":NaN}', b"\xff", b"[" * 100_000])
def test_glance_refuses_what_a_full_reading_refuses(body: bytes) -> None:
    with pytest.raises(ValueError, match=r"JSON|UTF-8|deeply"):
        glance_json(body)
