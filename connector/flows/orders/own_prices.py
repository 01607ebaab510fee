"""What M3 itself makes of a line that is to cost nothing. Called by costless.py and order_changes.

It takes a price of 0 for none and fetches its own. Any other price that nobody sent is a person's, and not set to 0.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from connector.errors import PermanentError
from connector.flows.context import Run
from connector.m3.programs import ois320mi
from connector.m3.programs.ois100mi import LineKey, OrderLine
from connector.m3.values import number_text


def read_own_prices(run: Run, head: Mapping[str, str], lines: Sequence[OrderLine]) -> dict[LineKey, str]:
    """Returns the price M3 finds for each line by itself; one it does not tell is left out, so that a person looks.

    Args:
        run: This run.
        head: The head of the order, by M3 name.
        lines: Lines of it.

    Raises:
        RetryableError: M3 cannot be asked now.
    """
    if not lines:
        return {}
    run.journal.pause()
    answers = run.store.m3.read([ois320mi.get_price_line(head, line) for line in lines])
    told = [(line, answer) for line, answer in zip(lines, answers, strict=True) if not _is_untold(answer.error)]
    return {line.key: number_text(ois320mi.read_price_line(answer)) for line, answer in told}


def _is_untold(error: Exception | None) -> bool:
    return isinstance(error, PermanentError)
