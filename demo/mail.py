"""M3's messages (BODs, and its own events of balances) to the receiver, and how badly they travel; used by the story."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from demo.stage import ION_USER, Stage
from demo.stores import STORE

DOUBLED, OVERTAKEN = 0.2, 0.2
"""Shares of M3's messages."""
DOCUMENTS = (
    *("Sync.ItemMaster", "Sync.PriceList", "Sync.CustomerPartyMaster"),
    *("Sync.SalesOrder", "Sync.Shipment", "Sync.Invoice"),
)
TABLES = ("MITBAL",)
COUNTED = ("made", "accepted", "lost", "doubled", "reordered", "refused")


class Mail:
    """Switches M3's messages on, and lets all of them get lost for a moment."""

    def __init__(self, stage: Stage, *, seed: int) -> None:
        """Prepares; nothing is sent before begin()."""
        self._stage = stage
        self._seed = seed
        self._earlier: Counter[str] = Counter()
        self._is_on = False

    def begin(self) -> None:
        """From now on M3 tells of its changes."""
        self._set(lose=0.0)

    @contextmanager
    def lost(self) -> Iterator[None]:
        """What M3 says while the block runs gets lost."""
        self._set(lose=1.0)
        try:
            yield
        finally:
            self._set(lose=0.0)

    def counts(self) -> Counter[str]:
        """Returns what became of the messages so far."""
        return self._earlier + self._present()

    def _present(self) -> Counter[str]:
        if not self._is_on:
            return Counter()
        said = self._stage.m3.look("events")
        return Counter({name: int(said.get(name, 0)) for name in COUNTED})

    def _set(self, *, lose: float) -> None:
        self._earlier += self._present()
        self._seed += 1
        receiver = self._stage.receiver_url
        self._stage.m3.control(
            "events",
            {
                "bod_url": f"{receiver}/ion/{STORE}/ims",
                "event_url": f"{receiver}/m3-events/{STORE}",
                "basic": [ION_USER, self._stage.ion_password],
                "documents": DOCUMENTS,
                "tables": TABLES,
                "lose": lose,
                "double": DOUBLED,
                "reorder": OVERTAKEN,
                "seed": self._seed,
            },
        )
        self._is_on = True
