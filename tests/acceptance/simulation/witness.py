"""Sees what the connector reads and writes of goods, and what both sides held at that moment. Used by world.py.

It knows M3, the shop and the requests between; of the connector it asks nothing.
"""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

import requests

from sandbox.m3.site import Site
from sandbox.shop.state import Shop
from tests.acceptance.simulation.goods import SHOWN, SOLD, WAREHOUSE, GoodsHistory
from tests.acceptance.simulation.stock_numbers import EXECUTED, line_of
from tests.acceptance.simulation.wires import Travel

Held = dict[int, dict[str, int]]
"""Units by order and SKU."""
HOLDING = ("on-hold", "processing", "completed")


@dataclass(frozen=True)
class Taken:
    """What M3 has taken of the shop's orders: those it has whole, and units it has booked out for direct invoices."""

    known: frozenset[int]
    booked: Held

    def in_flight(self, item: str, held: Held) -> int:
        """Returns the units of an item that orders hold and M3 does not know of."""
        return sum(
            max(0, units.get(item, 0) - self.booked.get(order, {}).get(item, 0))
            for order, units in held.items()
            if order not in self.known
        )


@dataclass(frozen=True)
class Reading:
    """What M3 could give of an item when its balance was read, and what of the shop's orders it had taken by then."""

    number: int
    free: Decimal
    taken: Taken


@dataclass
class _Seen:
    """What one run has read."""

    readings: dict[str, Reading] = field(default_factory=dict)
    held: Held = field(default_factory=dict)


class Witness:
    """What was read and written since the day began. `complaints` are promises broken on the way."""

    def __init__(self, site: Site, shop: Shop) -> None:
        self._site, self._shop = site, shop
        self.start_anew(GoodsHistory())

    def start_anew(self, history: GoodsHistory) -> None:
        """Forgets everything."""
        self.history = history
        self.complaints: list[str] = []
        self.written: Counter[str] = Counter()
        self.overtaken: dict[str, int] = {}
        self._count = 0
        self._newest: dict[str, int] = {}  # number of the reading whose quantity arrived, the newest of each item
        self._last_read: dict[str, int] = {}
        self._counts: Counter[str] = Counter()
        self._counted: dict[str, Decimal] = {}
        self._of_thread = threading.local()

    def sees(self, request: requests.PreparedRequest) -> Travel:
        """Is told of each request when its sender has let go of it."""
        path, method = urlsplit(request.url or "").path, request.method
        if method == "POST" and path.endswith("/batch") and "/products/" in path:
            return _Written(self, list(self._elements(request)))
        return _Asked(self, request, is_list_of_orders=method == "GET" and path.endswith("/orders"))

    def counts(self) -> dict[str, tuple[int, Decimal]]:
        """Returns how often, and by how much in all, the connector counted goods in M3."""
        return {item: (times, self._counted[item]) for item, times in self._counts.items()}

    def reads_again(self, item: str) -> bool:
        """Tells whether an item was read after an older quantity came over a newer one."""
        return self._last_read.get(item, 0) > self.overtaken[item]

    def units_held(self) -> Held:
        """Returns what the orders of the shop hold now, by order and SKU."""
        return {one.id: dict(self._lines(one)) for one in self._shop.orders.values() if one.status in HOLDING}

    def taken(self) -> Taken:
        """Returns what M3 has of the shop's orders now."""
        references = [one.body.head.get("YREF", "").split("-") for one in self._site.state.orders.values()]
        known = frozenset(int(parts[1]) for parts in references if len(parts) == 3)
        orders = {line.id: order.id for order in self._shop.orders.values() for line in order.lines}
        booked: Held = {}
        for message in self._site.state.stock_messages.values():
            order = orders.get(line_of(message.number))
            if order is not None and message.status == EXECUTED:
                of_order = booked.setdefault(order, {})
                of_order[message.itno] = of_order.get(message.itno, 0) - int(message.quantity)
        return Taken(known, booked)

    def free(self, item: str) -> Decimal:
        """Returns what M3 can still give of an item."""
        return self._site.state.items[item].balances[WAREHOUSE].available

    def read_balances(self) -> None:
        """The balances of M3 are read by the run of this thread."""
        taken = self.taken()
        for item in SOLD:
            if item in self._site.state.items:
                self._count += 1
                self._last_read[item] = self._count
                self._seen().readings[item] = Reading(self._count, self.free(item), taken)

    def read_orders(self) -> None:
        """The orders of the shop are listed by the run of this thread."""
        self._seen().held = self.units_held()

    def counts_in_m3(self, item: str, difference: Decimal) -> None:
        """A count of the connector has changed what M3 has on hand."""
        self.written["count"] += 1
        self._counts[item] += 1
        self._counted[item] = self._counted.get(item, Decimal(0)) + difference

    def on_hand(self, item: str) -> Decimal:
        """Returns what M3 has on hand."""
        return self._site.state.items[item].balances[WAREHOUSE].on_hand

    def arrived(self, item: str, quantity: int, reading: Reading) -> None:
        """A quantity has arrived in the shop, if it shows it now."""
        product = self._shop.product_by_sku(item)
        if product is None or product.stock_quantity != quantity:
            return
        self._count += 1
        if reading.number < self._newest.get(item, 0):
            self.overtaken[item] = self._count
        else:
            self._newest[item] = reading.number
            self.overtaken.pop(item, None)

    def _seen(self) -> _Seen:
        if not hasattr(self._of_thread, "seen"):
            self._of_thread.seen = _Seen()
        seen: _Seen = self._of_thread.seen
        return seen

    def _lines(self, order: Any) -> Counter[str]:
        units: Counter[str] = Counter()
        for line in order.lines:
            product = self._shop.products.get(line.variation_id or line.product_id)
            if product is not None and line.reduced_stock:
                units[product.sku] += line.reduced_stock
        return units

    def _elements(self, request: requests.PreparedRequest) -> Iterator[tuple[str, int, Reading]]:
        """Judges each element and gives the quantities among them."""
        content = json.loads(request.body or b"{}")
        for element in (*content.get("create", ()), *content.get("update", ())):
            product = self._shop.products.get(int(element.get("id", 0)))
            item = str(element.get("sku") or (product.sku if product else ""))
            if item not in SHOWN:
                continue
            self.written["made" if "id" not in element else "changed"] += 1
            self._judge_facts(item, element)
            is_new = "id" not in element  # a new product has no units until its stock is read
            if "stock_quantity" in element and not (is_new and element["stock_quantity"] == 0):
                reading = self._seen().readings.get(item)
                if reading is None:
                    self.complaints.append(f"invented: {item} was given a stock nobody read")
                    continue
                self._judge_stock(item, int(element["stock_quantity"]), reading)
                yield item, int(element["stock_quantity"]), reading

    def _judge_facts(self, item: str, element: dict[str, Any]) -> None:
        name, price = element.get("name"), element.get("regular_price")
        if name is not None and name not in self.history.names[item]:
            self.complaints.append(f"invented: {item} was named {name!r}, M3 had {self.history.names[item]}")
        if price is not None:
            self.written["price"] += 1
            if Decimal(price) not in self.history.prices[item]:
                self.complaints.append(f"invented: {item} was priced {price}, M3 had {self.history.prices[item]}")

    def _judge_stock(self, item: str, quantity: int, reading: Reading) -> None:
        self.written["stock"] += 1
        in_flight = reading.taken.in_flight(item, self._seen().held)
        allowed = max(0, int(reading.free) - in_flight)
        if quantity > allowed:
            self.complaints.append(
                f"oversold: {item} was shown with {quantity}, M3 could give {reading.free}, {in_flight} were in flight"
            )
        if reading.number < self._newest.get(item, 0):
            self.complaints.append(f"stale: {item} was given {quantity} from an older reading than the shop shows")


@dataclass
class _Asked:
    """A request that changes no goods in the shop; what was true when it arrived is kept for the run that sent it."""

    witness: Witness
    request: requests.PreparedRequest
    is_list_of_orders: bool
    before: dict[str, Decimal] = field(default_factory=dict)

    def arrives(self) -> None:
        """Balances are read, orders are listed, or a count is booked."""
        body = self.request.body or b""
        text = body if isinstance(body, str) else body.decode()
        if "GetItmWhsBal" in text:
            self.witness.read_balances()
        if "MMS310MI" in text and '"Update"' in text:
            self.before = {item: self.witness.on_hand(item) for item in SOLD if f'"{item}"' in text}
        if self.is_list_of_orders:
            self.witness.read_orders()

    def is_over(self) -> None:
        """What was counted has moved, or has not."""
        for item, before in self.before.items():
            if difference := self.witness.on_hand(item) - before:
                self.witness.counts_in_m3(item, difference)


@dataclass
class _Written:
    """A batch of goods."""

    witness: Witness
    quantities: list[tuple[str, int, Reading]]

    def arrives(self) -> None:
        """Nothing has changed yet."""

    def is_over(self) -> None:
        """The quantities that were taken stand in the shop."""
        for item, quantity, reading in self.quantities:
            self.witness.arrived(item, quantity, reading)
