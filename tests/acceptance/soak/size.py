"""How long a soak of so many orders takes, and until when there is time left for what M3 and people are slow at."""

from __future__ import annotations

from dataclasses import dataclass

SECONDS_PER_ORDER = 0.3
SHORTEST_S = 60.0
CYCLE_S = 300.0
QUICK_POLL_S, DEFAULT_POLL_S = 20, 60
CREDIT_STOP_S = 330.0
"""A batch order stopped for credit is looked at every 300 s, so none is stopped later than this before the end."""
LATE_HEADS_SHARE = 0.15
"""A batch head made late is found two minutes later; so late ones come early, and a short run need not wait for them."""


@dataclass(frozen=True)
class Size:
    """One run: how many orders, drawn from which seed."""

    orders: int
    seed: int

    @property
    def traffic_s(self) -> float:
        """Seconds in which buyers place the orders and everything goes wrong."""
        return max(SHORTEST_S, self.orders * SECONDS_PER_ORDER)

    @property
    def cycles(self) -> int:
        """How often each rare thing happens (a database that stops, a pool that is restarted)."""
        return max(1, round(self.traffic_s / CYCLE_S))

    @property
    def poll_s(self) -> int:
        """How often the shop is polled: in a long run as by default, in a short one often enough to end in time."""
        return QUICK_POLL_S if self.traffic_s <= CYCLE_S else DEFAULT_POLL_S

    @property
    def late_heads_until_s(self) -> float:
        """Until when M3 makes batch heads late."""
        return self.traffic_s * LATE_HEADS_SHARE

    @property
    def credit_stops_until_s(self) -> float:
        """Until when M3 stops batch orders for credit; 0 in a run that is too short for one."""
        return max(0.0, self.traffic_s - CREDIT_STOP_S)
