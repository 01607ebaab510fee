"""Two shops on one warehouse of M3 with few units left, and buyers who race for them. Used by race.py.

Shops and M3 are the sandbox's own apps in this process, PostgreSQL and Valkey are real servers. Time stands still but where
somebody sleeps or sends a request: then it is later for all, and buyers buy in between.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import redis
import requests
import yaml
from sqlalchemy import Engine, text

from connector.embedded.postgres import embedded_postgres
from connector.embedded.valkey import embedded_valkey
from connector.flows.polling import Polled, record_row
from connector.ledger.metadata import METADATA
from connector.ledger.migrate import upgrade
from connector.ledger.session import open_ledger, transaction
from connector.logs import configure_logs
from sandbox.m3.app import create_app as create_m3
from sandbox.m3.changes import Change, Record
from sandbox.m3.site import Site
from sandbox.serving import WsgiApp
from sandbox.shop.app import create_app as create_shop
from sandbox.shop.state import Shop
from tests.acceptance.oversell.books import Books
from tests.acceptance.simulation.virtual_time import VirtualClock, lived_by
from tests.acceptance.simulation.wires import Place, Wires
from tests.harness import Connector, Sandbox, store_file

ITEM = "MUG-001"
M3 = "m3.example"
SHOPS = {"w1": "one.example", "w2": "two.example"}
WORLD = ("store", "credential", "clock_offset")
REQUEST_S = 0.05
"""A request is so long on its way."""
_EMPTY = text("; ".join(f"DELETE FROM {one.name}" for one in reversed(METADATA.sorted_tables) if one.name not in WORLD))


class Market:
    """One M3, two shops, the connector between them."""

    def __init__(self, engine: Engine, valkey_url: str, home: Path) -> None:
        """Use `made_market`."""
        self.engine = engine
        self.valkey = redis.Redis.from_url(valkey_url)
        self.clock = VirtualClock(engine, self.valkey)
        m3 = create_m3(seed=1, clock=self.clock)
        apps = {store: create_shop(seed=1, clock=self.clock) for store in SHOPS}
        self.site: Site = m3.extensions["site"]
        self.shops: dict[str, Shop] = {store: app.extensions["shop"] for store, app in apps.items()}
        self._dispatchers = [app.extensions["dispatcher"] for app in apps.values()]
        self.books = Books(self.site, self.shops, item=ITEM)
        self.changes: list[Change] = []  # what M3 would tell events of
        wired: dict[str, WsgiApp] = {M3: self.books.watching_m3(m3.wsgi_app)}
        for store, host in SHOPS.items():
            wired[host] = self.books.watching_shop(store, apps[store].wsgi_app)
        self.wires = Wires(wired)
        self.wires.watch = self._pass
        self._session = requests.Session()
        self._valkey_url, self._home = valkey_url, home

    def open(self) -> None:
        """Adds the stores; the wires must be connected."""
        content = yaml.safe_load(store_file(gateway_cut_s=3, requests_per_s=1000, concurrency=50))
        content["publish"] = {"stock": {}}
        for store, host in SHOPS.items():
            sandbox = Sandbox(shop_url=f"https://{host}", m3_url=f"https://{M3}")
            if store == "w1":
                self.connector = Connector(self.engine, valkey_url=self._valkey_url, sandbox=sandbox, home=self._home)
            self.connector.sandbox = sandbox
            self.connector.configure(yaml.safe_dump(content), name=store)
        self.connector.process.heartbeat.stop()  # time stands still while a run is at work

    def close(self) -> None:
        """Closes what was opened."""
        self.connector.close()
        for one in self._dispatchers:
            one.close()
        self._session.close()
        self.valkey.close()

    def start_anew(self, seed: int, *, units: int) -> None:
        """Empties everything; M3 and both shops hold so many units."""
        with transaction(self.engine) as connection:
            connection.execute(_EMPTY)
        self.valkey.flushdb()
        self.clock.reset()
        self.site.reset(seed)
        for _, store in self.connector.process.runtime._stores.values():
            store.remembered.clear()
            store.m3._tokens._cached, store.m3._tokens._use_cached_until = None, 0.0
        self.set_m3(on_hand=str(units))
        for store in SHOPS:
            self.control(store, "reset", seed=seed)
            self.control(store, "settings", dispatch="paused", home_url=f"https://{SHOPS[store]}")
            self.control(store, "products", sku=ITEM, stock_quantity=units, deliver="never")
            self.control(store, "faults", element_ms=35)
        self.changes.clear()
        self.site.state.listener = self._hear
        self.books.start_anew()

    def control(self, store: str, path: str, **body: Any) -> requests.Response:
        """Asks a control address of a shop."""
        return self._session.post(f"https://{SHOPS[store]}/_control/{path}", json=body)

    def set_m3(self, **change: str) -> None:
        """Counts, receives or issues in M3."""
        body = [{"itno": ITEM, "whlo": "001", **change}]
        self._session.post(f"https://{M3}/_control/stock", json=body).raise_for_status()

    def buy(self, store: str, *, number: int, status: str) -> int | None:
        """A buyer orders one unit, if the shop shows one; returns the order's number."""
        buyer = {
            **{"first_name": "Iva", "last_name": "Horvat", "email": f"buyer{number}@example.com"},
            **{"address_1": "Ilica 1", "city": "Zagreb", "postcode": "10000", "country": "HR"},
        }
        cart = {"billing": buyer, "lines": [{"sku": ITEM, "quantity": 1}], "only_in_stock": True, "status": status}
        answer = self.control(store, "orders", **cart, payment_method="stripe", deliver="never")
        return int(answer.json()["id"]) if answer.status_code == 201 else None

    def announce(self, store: str, order_id: int) -> None:
        """Lets the receiver hear of an order, with the body it has now."""
        answer = self._session.get(f"https://{SHOPS[store]}/_book")
        assert any(one["id"] == order_id for one in answer.json()["orders"])
        context = self.connector.process.runtime.store(store)
        row = json.loads(context.shop.get_order(order_id).body)
        record_row(self.engine, context, row, Polled())

    def rows(self, statement: str, **values: Any) -> list[dict[str, Any]]:
        """Returns rows of the ledger."""
        return self.connector.rows(statement, **values)

    def _hear(self, change: Change) -> None:
        if change.record is Record.BALANCE and change.key[0] == ITEM:
            self.changes.append(change)

    def _pass(self, place: Place) -> None:
        if place in (Place.WAY, Place.BACK):
            self.clock.advance(REQUEST_S)


@contextmanager
def made_market() -> Iterator[Market]:
    """Starts the servers and makes a market that lives in this process; only one at a time."""
    configure_logs("CRITICAL")
    with tempfile.TemporaryDirectory(prefix="oversell-") as folder, ExitStack() as stack:
        home = Path(folder)
        postgres = stack.enter_context(embedded_postgres(home / "postgres", durable=False))
        valkey = stack.enter_context(embedded_valkey(home / "valkey", durable=False))
        url = postgres.url.replace("postgresql://", "postgresql+psycopg2://", 1)
        upgrade(url)
        engine = open_ledger(url)
        stack.callback(engine.dispose)
        market = Market(engine, valkey.url, home)
        stack.enter_context(lived_by(market.clock))
        stack.enter_context(market.wires.connected())
        market.open()
        stack.callback(market.close)
        yield market
