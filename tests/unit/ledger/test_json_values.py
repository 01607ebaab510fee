"""What is written into JSON columns: everything the other side may send, and nothing PostgreSQL refuses."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from connector.ledger.json_values import read_value, written_json


@pytest.mark.parametrize(
    ("value", "read"),
    [
        ({"name": "Grün > 😀"}, {"name": "Grün > 😀"}),
        ({"amount": Decimal("12.50"), "whole": Decimal("100")}, {"amount": "12.5", "whole": "100"}),
        ([{"name": "a\x00b", "kept": 1}], [{"name": "a\ufffdb", "kept": 1}]),
        ([{"a\x00b": ("x\x00",)}], [{"a\ufffdb": ["x\ufffd"]}]),
        ([{"name": "half \ud83d", "whole": "😀"}], [{"name": "half \ufffd", "whole": "😀"}]),
        ({"number": 10**30}, {"number": 10**30}),
        ({"backslash": "\\u0000"}, {"backslash": "\\u0000"}),
    ],
)
def test_value_is_written_as_postgresql_takes_it(value: Any, read: Any) -> None:
    written = written_json(value)

    assert json.loads(written) == read
    assert "\x00" not in written
    written.encode()


def test_value_of_a_column_is_read_as_it_was_written() -> None:
    value = {"name": "Grün", "rows": [1, None, True, "0.35"]}

    assert read_value(written_json(value)) == value
