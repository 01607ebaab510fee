"""The world of a longer story: a shop and an M3 that go on while ledgers come and go; judged by the checker from both books.

Used by the tests of this folder.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import Engine, text

from bench.checker import Verdict, check
from connector.ledger.session import transaction
from connector.ledger.tables import Base
from tests.harness import SETTLED_S, STORE, Connector
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
        self._tables = [table.name for table in Base.metadata.sorted_tables if table.name != "clock_offset"]
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
