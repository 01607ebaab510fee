"""What the shop says of a refused value is told without the value, however it writes it."""

from __future__ import annotations

import pytest

from connector.flows.customer_publishing.pieces import hidden


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (" 01 777 000 ", "01 777 000"),
        ("01  777 000", "01 777 000"),
        ("Ana@Example.com", "ana@example.com"),
        ("ana marić", "Ana MARIĆ"),
        ("Hauptstra\u00dfe", "HAUPTSTRASSE"),
        ("\u0160ibenik", "\u0160IBENIK"),
        ("Li", "LI"),
        ("(Li", "(li"),
        ("C.", "c."),
    ],
)
def test_no_form_of_a_value_is_told(value: str, said: str) -> None:
    assert hidden(f"Not valid: {said}, please.", [value]) == "Not valid: ***, please."


def test_a_short_value_hides_no_part_of_a_word() -> None:
    assert hidden("A state that is valid; not al.", ["al", ""]) == "A state that is valid; not ***."


def test_nothing_is_hidden_where_there_is_no_value() -> None:
    assert hidden("Refused.", [" "]) == "Refused."
