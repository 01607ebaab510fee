"""Numbers of stock messages are made from lines alone, as far as they have room."""

from __future__ import annotations

from connector.flows.issues.messages import line_of, number_of
from connector.flows.reconciling.stock_messages import next_numbers


def test_next_number_of_a_line_counts_its_bookings() -> None:
    assert next_numbers("w1", {"10": 0, "11": 2}) == {"W1S0000000000A1": "10", "W1S0000000000B3": "11"}


def test_line_that_has_no_room_in_a_number_stops_no_comparison() -> None:
    many, longest = 36**5, 35

    assert next_numbers("longcode", {str(many): 0, "7": longest, "8": 0}) == {"LONGCODES000081": "8"}


def test_line_is_read_back_from_its_number_and_from_no_other() -> None:
    number = number_of("w1", "123456789", version=3)

    assert line_of(number, store="w1") == "123456789"
    others = (f"W2{number[2:]}", f"W1P{number[3:]}", "1017", "W1S00000000a0B3")
    assert [line_of(other, store="w1") for other in others] == [None] * len(others)
