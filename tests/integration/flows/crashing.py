"""Kills a run at a chosen moment, for tests: before or after each commit and each remote write, as kill -9 would.

The switch exists only here: wrappers around the journal's commit and settlement and around the clients' writes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from unittest.mock import patch

from connector.ledger.steps import Journal
from connector.m3.client import M3Client
from connector.m3.operations import Operation
from connector.woocommerce.client import WooClient
from connector.woocommerce.products import Products

Call = Callable[..., Any]


class KilledError(BaseException):
    """The process is gone; nothing in connector/ or workers/ catches this."""


@dataclass
class Trap:
    """Records every moment of a scenario; kills at moment `at`, before or after it takes effect."""

    at: int | None = None
    is_before: bool = False
    moments: list[str] = field(default_factory=list)
    calls: list[Sequence[Operation]] = field(default_factory=list)

    def pass_through(self, name: str, work: Callable[[], Any]) -> Any:
        """Does the work of one moment, unless the process dies before it or right after it."""
        place = len(self.moments)
        self.moments.append(name)
        if place == self.at and self.is_before:
            raise KilledError(name)
        try:
            return work()
        finally:
            if place == self.at:
                raise KilledError(name)  # whether the work returned or raised


@contextmanager
def set_trap(trap: Trap) -> Iterator[Trap]:
    """Wraps every commit and every remote write while the block runs."""
    patches = [
        patch.object(Journal, "commit", _of_journal(trap, Journal.commit, "commit")),
        patch.object(Journal, "settle", _of_journal(trap, Journal.settle, "settle")),
        patch.object(M3Client, "write", _of_m3(trap, M3Client.write)),
        patch.object(WooClient, "put_order", _of_shop(trap, WooClient.put_order, "PUT orders")),
        patch.object(WooClient, "add_note", _of_shop(trap, WooClient.add_note, "POST notes")),
        patch.object(Products, "write_batch", _of_shop(trap, Products.write_batch, "POST products")),
        patch.object(Products, "write_variations", _of_shop(trap, Products.write_variations, "POST variations")),
    ]
    for one in patches:
        one.start()
    try:
        yield trap
    finally:
        for one in patches:
            one.stop()


def _of_journal(trap: Trap, original: Call, name: str) -> Call:
    def wrapped(journal: Journal, *values: Any) -> Any:
        try:
            return trap.pass_through(f"{name} of {journal.claim.flow}", lambda: original(journal, *values))
        except KilledError:
            journal.rollback()  # the server does this when the connection of a dead process breaks
            raise

    return wrapped


def _of_m3(trap: Trap, original: Call) -> Call:
    def wrapped(client: M3Client, calls: Any) -> Any:
        trap.calls.append([client._operations.get(call.operation) for call in calls])
        return trap.pass_through(f"M3 {calls[0].operation}", lambda: original(client, calls))

    return wrapped


def _of_shop(trap: Trap, original: Call, name: str) -> Call:
    def wrapped(client: Any, *values: Any, **named: Any) -> Any:
        return trap.pass_through(f"shop {name}", lambda: original(client, *values, **named))

    return wrapped
