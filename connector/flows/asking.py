"""How flows ask the ledger a question between two requests, in a run and outside of one. Used by their packages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from connector.ledger.session import Ledger, transaction

Ask = Callable[..., Any]
"""Asks the ledger: `ask(question, *values, **named)` gives `question(connection, ...)` in a short transaction."""


def asking(ledger: Ledger) -> Ask:
    """Returns how the ledger is asked in transactions of its own."""

    def ask(question: Callable[..., Any], *values: Any, **named: Any) -> Any:
        with transaction(ledger) as connection:
            return question(connection, *values, **named)

    return ask
