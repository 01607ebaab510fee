"""The shop lives by the clock it was given, also after a reset."""

from __future__ import annotations

from datetime import UTC, datetime

from sandbox.clock import SystemClock
from sandbox.shop.app import create_app


class Stopped(SystemClock):
    """A clock that stands still."""

    def now(self) -> datetime:
        """Give always the same moment."""
        return datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def test_order_is_dated_by_the_clock_given_also_after_a_reset() -> None:
    app = create_app(seed=1, clock=Stopped())
    client = app.test_client()
    client.post("/_control/clock", json={"offset_s": 60})
    client.post("/_control/reset", json={"seed": 1})

    placed = client.post("/_control/orders", json={"kind": "guest"}).json

    assert placed is not None
    assert placed["date_created_gmt"] == "2026-03-02T09:00:00"
    app.extensions["dispatcher"].close()
