"""A last look before a write leaves: set by the ledger's journal, asked by the gate once a slot is free.

A run waits for its slot after its intent is on disk; should it wait too long, or the whole process be stopped meanwhile, its
lease may be gone. The journal knows that, the clients do not, so the question goes through here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_check: ContextVar[Callable[[], None] | None] = ContextVar("check_before_sending", default=None)


@contextmanager
def sending_only_if(check: Callable[[], None]) -> Iterator[None]:
    """Has `check` called before each call that passes a gate within the block; what it raises keeps the call from leaving."""
    token = _check.set(check)
    try:
        yield
    finally:
        _check.reset(token)


def check_before_sending() -> None:
    """Asks the check that is set, if any."""
    check = _check.get()
    if check is not None:
        check()
