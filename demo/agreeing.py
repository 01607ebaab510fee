"""The last act: `connector reconcile orders` and `money` ask both systems, and say how the demo ends. Used by demo/__main__.py."""

from __future__ import annotations

from rich.console import Console

from demo.errors import DemoError
from demo.stage import Stage
from demo.stores import DIRECT, STORE

EXPLAINED, UNEXPLAINED = 0, 1


KINDS = ("orders", "money")


def reconcile_books(console: Console, stage: Stage) -> bool:
    """Lets the connector compare orders, refunds, units, payments and invoices of both stores, and prints what it says.

    Returns:
        Whether nothing is unexplained.

    Raises:
        DemoError: It could not compare.
    """
    return all([_of_store(console, stage, store, kind) for store in (STORE, DIRECT) for kind in KINDS])


def _of_store(console: Console, stage: Stage, store: str, kind: str) -> bool:
    arguments = ("reconcile", kind, "--store", store)
    console.print(f"\n$ connector {' '.join(arguments)}", style="bold")
    status, said, errors = stage.commands.end(*arguments)
    console.out(said, end="")
    if status not in (EXPLAINED, UNEXPLAINED) or not said:
        raise DemoError(f"`connector {' '.join(arguments)}` ended with status {status}:\n{errors.strip()}")
    console.print(f"exit status {status}", style="green" if status == EXPLAINED else "red")
    return status == EXPLAINED
