"""Which line of the shop a message of MMS850 is of, as its number says. Used by witness.py and issues_books.py."""

from __future__ import annotations

PREFIX, KEY_LENGTH = "W1S", 15
EXECUTED = "90"


def line_of(number: str) -> int:
    """Returns the line; 0 if the message is none of the store's."""
    is_ours = number.startswith(PREFIX) and len(number) == KEY_LENGTH
    return int(number[len(PREFIX) : -1], 36) if is_ours else 0
