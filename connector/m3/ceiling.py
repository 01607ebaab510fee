"""Whether the gateway gives more than 1,000 rows of a list, whatever it is asked for. Asked by client.py of a list of just so many.

Source: protocol.md section 2: a grid that enforced a ceiling of 1,000. A longer list shows that there is none, and the item master,
where it has more items, whether there is one. As long as neither does, a list of just so many rows is taken for a part: that it
ends there by chance is far less likely, and what a list taken for whole lacks would be missing without a word.
"""

from __future__ import annotations

from connector.m3.calls import Answer, Call

CEILING = 1000
LOWEST_ITEM = "!"
PROBE = Call("item.list", {"ITNO": LOWEST_ITEM}, ("ITNO",))
"""Lists items from the first one on; read only."""
PROBE_ROWS = CEILING + 1


def is_doubtful(answer: Answer, *, max_records: int) -> bool:
    """Tells whether a list may have been cut at the ceiling: it has just so many rows, and more were asked for."""
    return len(answer.records) == CEILING < max_records


def is_beyond(answer: Answer) -> bool:
    """Tells whether a list is longer than the ceiling, so that there is none."""
    return len(answer.records) > CEILING


def may_be_cut(probe: Answer) -> bool | None:
    """Tells from the answer to the probe whether lists are cut at the ceiling; None if it does not show that either way."""
    rows = len(probe.records)
    if probe.error is not None or rows < CEILING:
        return None
    return rows == CEILING
