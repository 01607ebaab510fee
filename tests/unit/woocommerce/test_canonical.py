"""One byte form and one hash for equal content."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connector.woocommerce.canonical import canonical_json, content_hash, read_json
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


@settings(max_examples=200, deadline=None)
@given(value=_json)
def test_canonical_form_read_and_written_again_is_the_same(value: Any) -> None:
    assert canonical_json(read_json(canonical_json(value))) == canonical_json(value)
