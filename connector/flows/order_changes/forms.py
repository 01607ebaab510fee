"""The forms in which a change under way was kept, for a connector may be upgraded in the middle of one; pure.

Called by keeping.py. A new form gets the next number, and a function here that makes it of the one before.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from connector.errors import NeedsPersonError
from connector.flows.orders.left import QUANTITY, text_state, without_texts

FORM = 4
ADDED, CHANGED = "add line ", "quantity of line "
"""How writes of ...BatchEnt begin."""
TEXT = "text "
"""How writes of a text block begin."""

Kept = dict[str, Any]


def present(kept: Kept) -> Kept:
    """Returns what is kept of a change in the present form.

    Raises:
        NeedsPersonError: It has a form that only a newer version knows.
    """
    form = form_of(kept)
    if form > FORM:
        raise NeedsPersonError(
            f"A newer version of the connector has begun to change the order: what it kept has form {form}, this version reads "
            f"up to {FORM}.",
            resolution="Run the newer version again; this is looked at again by itself. Or bring the order in OIS300 to what the "
            "shop has, and discard its exchange (orders_to_m3).",
        )
    for older in range(form, FORM):
        kept = _NEXT[older](kept)
    return kept


def form_of(kept: Mapping[str, Any]) -> int:
    """Returns the number of a form; the first two did not have it written in."""
    told = kept.get("form")
    if told is not None:
        return int(told)
    return 1 if any(isinstance(one, str) for one in kept["entered"].values()) or "done" not in kept else 2


def _second(kept: Kept) -> Kept:
    """Form 1 told of what M3 had taken only the time, by the write without its target: of ...BatchEnt that is the last state.

    The rest is absolute and is sent again.
    """
    lines = kept["states"][-1]["lines"]
    entered = {}
    for write, at in kept["entered"].items():
        cupo = write.rpartition(" ")[2]
        if write.startswith((ADDED, CHANGED)) and cupo in lines:
            quantity = lines[cupo][QUANTITY]
            entered[f"{write} -> {quantity}"] = {"at": at, "line": cupo, "quantity": quantity}
    return {**kept, "entered": entered, "done": bool(kept.get("done"))}


def _third(kept: Kept) -> Kept:
    """Form 2 named a line that is added with its quantity, and did not know which of several quantities stays."""
    entered = {
        write.partition(" -> ")[0] if write.startswith(ADDED) else write: {**one, "passed": False}
        for write, one in kept["entered"].items()
    }
    return {**kept, "form": 3, "entered": entered}


def _fourth(kept: Kept) -> Kept:
    """Form 3 held the texts themselves, in its states and in the names of writes."""
    entered = {_without_text(write): one for write, one in kept["entered"].items()}
    return {**kept, "form": 4, "states": [without_texts(one) for one in kept["states"]], "entered": entered}


def _without_text(write: str) -> str:
    key, arrow, text = write.partition(" -> ")
    return f"{key}{arrow}{text_state(text)}" if write.startswith(TEXT) else write


_NEXT: dict[int, Callable[[Kept], Kept]] = {1: _second, 2: _third, 3: _fourth}
