"""The item numbers a person names."""

from __future__ import annotations

import pytest

from connector.cli.item_ids import read_item_numbers
from connector.errors import PermanentError


def test_numbers_are_in_capitals_each_once_in_the_order_given() -> None:
    assert read_item_numbers(" mug-002, MUG-001,mug-002,") == ["MUG-002", "MUG-001"]


@pytest.mark.parametrize("text", ["", " , ", "THIS-IS-TOO-LONG-FOR-AN-ITEM"])
def test_what_is_no_item_number_is_refused_with_a_remedy(text: str) -> None:
    with pytest.raises(PermanentError, match="no list of M3 item numbers"):
        read_item_numbers(text)
