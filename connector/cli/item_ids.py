"""Reads the M3 item numbers a person names; used by `sync` and `reconcile`."""

from __future__ import annotations

from connector.errors import PermanentError
from connector.flows.orders.items import ITEM_NUMBER_LENGTH


def read_item_numbers(text: str) -> list[str]:
    """Returns the item numbers of a list with commas, each once, in capitals as M3 keeps them.

    Raises:
        PermanentError: There is none, or one is longer than an item number can be.
    """
    numbers = list(dict.fromkeys(part.strip().upper() for part in text.split(",") if part.strip()))
    wrong = [one for one in numbers if len(one) > ITEM_NUMBER_LENGTH]
    if wrong or not numbers:
        raise PermanentError(
            f"--ids {text!r} is no list of M3 item numbers (1 to {ITEM_NUMBER_LENGTH} characters each).",
            resolution="Give item numbers of MMS001 with commas between: --ids ITEM1,ITEM2.",
        )
    return numbers
