"""The world of a longer story: a shop and an M3 that go on while ledgers come and go; judged by the checker from both books.

Used by the tests of this folder.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

from sqlalchemy import Engine, text

from bench.checker import Verdict, check
from connector.ledger.dispatch import revive_dead_letters
from connector.ledger.documents import wake_for_hunt
from connector.ledger.metadata import METADATA
from connector.ledger.session import transaction
from connector.m3.client import M3Client
from tests.harness import SETTLED_S, STORE, Connector
from tests.integration.flows.crashing import KilledError
from tests.integration.flows.story import Story
from tests.integration.flows.test_deliveries import tell

HOUR_S = 3600.0
MINUTE_S = 60.0


class World(Story):
    """One installation over the sandbox, and three clocks that go together: the ledger's, the shop's, M3's."""

    def __init__(self, connector: Connector, **changes: Any) -> None:
        """Gives the store its file."""
        super().__init__(connector, **changes)
        self._ahead_s = 0.0
        self._others: list[Connector] = []

    def join(self, other: Connector) -> None:
        """Lets a second installation live in this world: its ledger's clock goes with the others."""
        self._others.append(other)

    def pass_time(self, seconds: float) -> None:
        """Lets time pass for everybody."""
        self._ahead_s += seconds
        for one in (self.connector, *self._others):
            one.pass_time(seconds)
        for url in (self.sandbox.shop_url, self.sandbox.m3_url):
            self.sandbox.post(f"{url}/_control/clock", {"offset_s": self._ahead_s})

    def tell(self, order: dict[str, Any]) -> None:
        """Records an order as a webhook brings it."""
        tell(self, order)

    def rest(self, *connectors: Connector, rounds: int = 20) -> None:
        """Runs what is due, letting the waits pass, until everything of the installations rests."""
        for _ in range(rounds):
            for one in connectors or (self.connector,):
                one.drain()
            if not any(is_under_way(one) for one in connectors or (self.connector,)):
                return
            self.pass_time(SETTLED_S)
        raise AssertionError(f"not at rest: {[states(one) for one in connectors or (self.connector,)]}")

    def hunt(self) -> None:
        """Makes exchanges due that have to look for a late batch order, as the job of that name does."""
        with transaction(self.connector.engine) as connection:
            wake_for_hunt(connection)

    def revive(self) -> None:
        """Looks again, once the time for it has come, at the dead letters that may have cured themselves."""
        self.pass_time(901)
        with transaction(self.connector.engine) as connection:
            revive_dead_letters(connection)

    def run_flow(self, flow: str) -> None:
        """Runs what is due of one flow, once."""
        for row in self.connector.rows(
            "SELECT id FROM exchange WHERE state IN ('ready','waiting','blocked') AND flow = :flow", flow=flow
        ):
            self.connector.run(row["id"])

    @contextmanager
    def interrupted(self, operation: str, do: Callable[[], None]) -> Iterator[None]:
        """Does something once, right after the first write of an operation took effect in M3."""
        original = M3Client.write
        done: list[bool] = []

        def wrapped(client: M3Client, calls: Any) -> Any:
            answers = original(client, calls)
            if calls[0].operation == operation and not done:
                done.append(True)
                do()
            return answers

        with patch.object(M3Client, "write", wrapped):
            yield
        assert done, f"no {operation} was written"

    @contextmanager
    def killed_after(self, operation: str) -> Iterator[None]:
        """Kills the worker right after a write of an operation took effect in M3, before it can write that down."""

        def die() -> None:
            raise KilledError

        with self.interrupted(operation, die):
            yield

    def judge(self, **more: Any) -> Verdict:
        """Asks the checker what it makes of the books."""
        return check(self.sandbox.shop_book(), self.sandbox.m3_book(), stores=[STORE], **more)

    def m3_numbers(self, order: dict[str, Any]) -> list[str]:
        """Returns the numbers of M3's orders that name an order of the shop, whatever its time."""
        return [one["orno"] for one in self.orders() if one["yref"].startswith(f"{STORE}-{order['id']}-")]


def is_under_way(connector: Connector) -> bool:
    """Tells whether something of an installation is due or waits for a time."""
    return bool(connector.rows("SELECT 1 FROM exchange WHERE state IN ('ready','waiting','running')"))


def states(connector: Connector) -> list[dict[str, Any]]:
    """Returns what is not done, for messages."""
    return connector.rows("SELECT id, flow, business_key, state, reason FROM exchange WHERE state <> 'done'")


class Dump:
    """A copy of a ledger's content as a dump holds it: all tables as they were at one moment, and the number series."""

    def __init__(self, engine: Engine, folder: Path) -> None:
        """Takes the copy."""
        self._folder = folder
        self._tables = [table.name for table in METADATA.sorted_tables if table.name != "clock_offset"]
        with transaction(engine) as connection:
            connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))
            cursor = connection.connection.cursor()
            for table in self._tables:
                with (folder / table).open("wb") as file:
                    cursor.copy_expert(f"COPY {table} TO STDOUT", file)
            names = "SELECT sequencename, last_value FROM pg_sequences WHERE schemaname = 'public'"
            self._series = {row.sequencename: row.last_value for row in connection.execute(text(names))}

    def restore(self, engine: Engine) -> None:
        """Puts a ledger back to the copy; its clock goes on."""
        with transaction(engine) as connection:
            connection.execute(text(f"TRUNCATE {', '.join(self._tables)} CASCADE"))
            cursor = connection.connection.cursor()
            for table in self._tables:
                with (self._folder / table).open("rb") as file:
                    cursor.copy_expert(f"COPY {table} FROM STDIN", file)
            for name, last in self._series.items():
                connection.execute(text(f"SELECT setval('{name}', {last or 1}, {last is not None})"))
