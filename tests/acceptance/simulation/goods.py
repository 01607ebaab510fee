"""The goods of a day: a few items of M3 that the shop shows, and what M3 tells of them. Used by world.py and the rules."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from sandbox.m3.events.courier import Answered, Courier
from sandbox.m3.events.message import Message as Told
from sandbox.m3.events.settings import EventSettings
from sandbox.m3.site import Site

MUG, POT, STYLE, NEW = "MUG-001", "SIM-POT", "SIM-ST", "SIM-NEW"
VARIANTS = {"SIM-ST-BLK": "BLK", "SIM-ST-RED": "RED"}
SOLD = (MUG, POT, *VARIANTS, NEW)
"""What the shop shows once it heard of it; NEW is not in M3 when a day begins."""
SHOWN = (*SOLD, STYLE)
ENDED = "90"
WAREHOUSE = "001"
LOCATION = "MAIN"
UNITS = "12"
PRICE = "10.00"
LONG_AGO = "20260101"

PUBLISH: dict[str, Any] = {
    "items": {
        "select": [{"field": "ITNO", "in": [*SHOWN]}],
        "variations": {"by": "style"},
        "owners": {"description": "shop"},
    },
    "prices": {"price_list": "WEB", "currency": "EUR"},
    "products": {},
    "stock": {"corrections": {"by_hand": "count", "location": LOCATION}},
}
"""The `publish` part of the store file: M3's fields are put back in the shop, descriptions travel to M3, counts by hand too."""

ITEMS: tuple[dict[str, Any], ...] = (
    {"itno": MUG, "on_hand": UNITS},
    {"itno": POT, "name": "Pot", "list_price": PRICE, "on_hand": UNITS},
    {"itno": STYLE, "name": "Shirt", "STCD": "0"},
    *(
        {"itno": item, "name": item, "HDPR": STYLE, "OPTX": colour, "list_price": PRICE, "on_hand": UNITS}
        for item, colour in VARIANTS.items()
    ),
)


@dataclass
class GoodsHistory:
    """What M3 ever said of the goods, and what people did that explains what is shown or waits."""

    names: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    prices: defaultdict[str, set[Decimal]] = field(default_factory=lambda: defaultdict(set))
    counted_by_hand: Counter[str] = field(default_factory=Counter)
    ended: set[str] = field(default_factory=set)
    described: dict[str, str] = field(default_factory=dict)
    garbled: int = 0

    def note(self, site: Site) -> None:
        """Adds what M3 says of the goods now."""
        for number in SHOWN:
            if (item := site.state.items.get(number)) is not None:
                self.names[number].add(item.name)
                self.prices[number].add(price_of(site, number))
                self.ended |= {number} if item.status >= ENDED else set()


def price_of(site: Site, item: str) -> Decimal:
    """Returns what an item costs in the published list; 0 if it has no price."""
    found = [price.sapr for head, price in site.state.prices.of_item(item) if head.prrf == "WEB" and not head.cuno]
    return found[0] if found else Decimal(0)


class NewsOfM3:
    """What M3 has to tell of the goods: BODs of items and balances, events of prices. It travels by hand."""

    def __init__(self, receiver: str, *, store: str, api_key: tuple[str, str]) -> None:
        self._settings = EventSettings(
            bod_url=f"{receiver}/ion/{store}/ims",
            event_url=f"{receiver}/m3-events/{store}",
            documents=("Sync.ItemMaster", "Sync.InventoryCount"),
            tables=("OPRBAS",),
            api_key=api_key,
            thread=False,
        )
        self._courier = Courier(self._settings)

    def start_anew(self, site: Site) -> None:
        """Lets a new M3 tell."""
        site.set_events(self._settings)

    def take(self, site: Site) -> Iterable[Told]:
        """Gives what M3 said of the goods since the last call."""
        assert site.events is not None
        while (told := site.events._outbox.take(early=True)) is not None:
            if any(item.encode() in told.payload for item in SHOWN):
                yield told

    def deliver(self, told: Told) -> Answered:
        """Sends one message to the receiver."""
        return self._courier.send(told)

    def close(self) -> None:
        """Closes the connection."""
        self._courier.close()
