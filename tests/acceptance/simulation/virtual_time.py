"""One clock for ledger, workers, shop and M3 that stands still until it is moved. Used by world.py."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from unittest.mock import patch

import redis
from sqlalchemy import Engine, text

from connector.flows import batches, prices_to_woo, stock_to_woo
from connector.flows.catalogue import loading
from connector.ledger import fenced, leases
from connector.ledger.leases import Lease
from connector.m3 import token
from connector.throttle import gate

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)

_STAND_STILL = text(f"""
CREATE OR REPLACE FUNCTION ledger_now() RETURNS timestamptz LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    RETURN timestamptz '{START.isoformat()}' + make_interval(secs => coalesce((SELECT seconds FROM clock_offset), 0));
END
$$
""")
_SET = text("""
INSERT INTO clock_offset (id, seconds) VALUES (1, :seconds) ON CONFLICT (id) DO UPDATE SET seconds = :seconds
""")


@dataclass(frozen=True)
class _Later:
    due: float
    place: int
    work: Callable[[], object]


class VirtualClock:
    """Seconds since START. Fits the sandbox's `Clock`; sleeping moves it for everybody."""

    def __init__(self, engine: Engine, valkey: redis.Redis) -> None:
        """Makes the ledger's clock stand still; its tables must exist.

        Args:
            engine: A test database that nobody else uses.
            valkey: Where the gates keep what they were told to wait for; that passes when time does.
        """
        self._engine = engine.execution_options(isolation_level="AUTOCOMMIT")
        self._valkey = valkey
        with self._engine.connect() as connection:
            connection.execute(_STAND_STILL)
        self.reset()

    def reset(self) -> None:
        """Goes back to START and forgets what was to come."""
        self._elapsed_s = 0.0
        self._waiting: list[_Later] = []
        self._count = 0
        self._tell_ledger()

    def now(self) -> datetime:
        """The time of day, aware UTC."""
        return START + timedelta(seconds=self._elapsed_s)

    def monotonic(self) -> float:
        """Seconds since START."""
        return self._elapsed_s

    def sleep(self, seconds: float) -> None:
        """Moves the clock: whoever sleeps here, it is later for all."""
        self.advance(seconds)

    def call_later(self, seconds: float, work: Callable[[], object]) -> None:
        """Has work done when the clock gets there."""
        self._count += 1
        self._waiting.append(_Later(self._elapsed_s + seconds, self._count, work))

    def advance(self, seconds: float) -> None:
        """Moves the clock, doing on the way what was to be done later."""
        until = self._elapsed_s + seconds
        while due := [one for one in self._waiting if one.due <= until]:
            first = min(due, key=lambda one: (one.due, one.place))
            self._waiting.remove(first)
            self._elapsed_s = max(self._elapsed_s, first.due)
            self._tell_ledger()
            first.work()
        self._elapsed_s = max(self._elapsed_s, until)
        self._tell_ledger()
        if seconds >= 1:
            self._open_gates()

    def is_waited_for(self) -> bool:
        """Tells whether something is still to come by itself."""
        return bool(self._waiting)

    def _tell_ledger(self) -> None:
        with self._engine.connect() as connection:
            connection.execute(_SET, {"seconds": self._elapsed_s})

    def _open_gates(self) -> None:
        if gates := self._valkey.keys("gate:*"):
            self._valkey.delete(*gates)


@contextmanager
def lived_by(clock: VirtualClock) -> Iterator[None]:
    """Lets leases, gates, tokens and batches of this process live by the clock while the block runs."""
    time = SimpleNamespace(monotonic=clock.monotonic, sleep=clock.sleep)
    with ExitStack() as patches:
        for module in (fenced, leases, gate, token, batches, loading, prices_to_woo, stock_to_woo):
            patches.enter_context(patch.object(module, "time", time))
        patches.enter_context(patch.object(fenced, "Lease", lambda: Lease(renewed_at_s=clock.monotonic())))
        yield
