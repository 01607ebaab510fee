"""What really is in M3 and in the shops at each moment, seen without asking the connector. Used by market.py."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from io import BytesIO
from typing import Any

from sandbox.m3.site import Site
from sandbox.serving import WsgiApp
from sandbox.shop.state import Shop

HOLDING = ("on-hold", "processing", "completed")


@dataclass(frozen=True)
class Published:
    """A quantity the connector wrote, and the most it could rightly write by what was there when it looked."""

    store: str
    quantity: int
    allowed: int


@dataclass
class Books:
    """Watches the requests of the connector and remembers what was true when they were made."""

    site: Site
    shops: Mapping[str, Shop]
    item: str
    published: list[Published] = field(default_factory=list)
    _free: Decimal = Decimal(0)
    _in_m3: frozenset[tuple[str, int]] = frozenset()
    _held: dict[str, dict[int, int]] = field(default_factory=dict)

    def start_anew(self) -> None:
        """Forgets what was seen."""
        self.published.clear()
        self._held.clear()

    def watching_m3(self, app: WsgiApp) -> WsgiApp:
        """Remembers what M3 had free, and which orders it knew, when its balances are read."""

        def watched(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
            if b"GetItmWhsBal" in _body_of(environ):
                balance = self.site.state.items[self.item].balances["001"]
                self._free, self._in_m3 = balance.available, self._orders_of_m3()
            return app(environ, start_response)

        return watched

    def watching_shop(self, store: str, app: WsgiApp) -> WsgiApp:
        """Remembers what orders held when they are listed, and each quantity that is written."""

        def watched(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
            path, method = str(environ["PATH_INFO"]), environ["REQUEST_METHOD"]
            if method == "GET" and path.endswith("/orders"):
                self._held[store] = self.held(store)
            if method == "POST" and path.endswith("/products/batch"):
                product = self.shops[store].product_by_sku(self.item)
                for element in json.loads(_body_of(environ))["update"]:
                    if product is not None and element["id"] == product.id:
                        self.published.append(Published(store, int(element["stock_quantity"]), self._allowed()))
            return app(environ, start_response)

        return watched

    def held(self, store: str) -> dict[int, int]:
        """Returns the units that orders of a shop hold now, by order."""
        orders = self.shops[store].orders.values()
        return {
            one.id: units
            for one in orders
            if one.status in HOLDING and (units := sum(line.reduced_stock for line in one.lines))
        }

    def sold(self) -> int:
        """Returns the units sold in all shops."""
        return sum(sum(self.held(store).values()) for store in self.shops)

    def _orders_of_m3(self) -> frozenset[tuple[str, int]]:
        references = [one.body.head.get("YREF", "").split("-") for one in self.site.state.orders.values()]
        return frozenset((parts[0], int(parts[1])) for parts in references if len(parts) == 3)

    def _allowed(self) -> int:
        in_flight = sum(
            units
            for store, held in self._held.items()
            for order, units in held.items()
            if (store, order) not in self._in_m3
        )
        return max(0, int(self._free) - in_flight)


def _body_of(environ: dict[str, Any]) -> bytes:
    body: bytes = environ["wsgi.input"].read()
    environ["wsgi.input"] = BytesIO(body)
    return body
