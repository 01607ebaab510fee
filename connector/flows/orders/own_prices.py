"""What M3 itself makes of a line that is to cost nothing. Called by costless.py and order_changes.

It takes a price of 0 for none and fetches its own. Any other price that nobody sent is a person's, and not set to 0.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from connector.errors import PermanentError
from connector.flows.context import Run
from connector.m3.programs import ois320mi
from connector.m3.programs.ois100mi import LineKey, OrderLine
from connector.m3.values import number_text


@dataclass(frozen=True, slots=True)
class OwnPrices:
    """The price M3 finds for each line by itself; one it does not tell is left out, so that a person looks.

    `untold` says so with M3's reason; empty if it told all.
    """

    by_line: Mapping[LineKey, str]
    untold: str = ""


def read_own_prices(run: Run, head: Mapping[str, str], lines: Sequence[OrderLine]) -> OwnPrices:
    """Asks M3 for the price it finds for each line by itself.

    Args:
        run: This run.
        head: The head of the order, by M3 name.
        lines: Lines of it.

    Raises:
        RetryableError: M3 cannot be asked now.
    """
    if not lines:
        return OwnPrices({})
    run.journal.pause()
    answers = run.store.m3.read([ois320mi.get_price_line(head, line) for line in lines])
    prices: dict[LineKey, str] = {}
    refusals: dict[str, None] = {}
    for line, answer in zip(lines, answers, strict=True):
        if isinstance(answer.error, PermanentError):
            refusals[answer.error.message] = None
        else:
            prices[line.key] = number_text(ois320mi.read_price_line(answer))
    untold = f"M3 does not tell its own price ({'; '.join(refusals)})" if refusals else ""
    return OwnPrices(prices, untold)
