"""Everything there is in a simulation: a shop, an M3, a ledger, a broker and three worker processes. Used by machine.py.

Shop and M3 are the sandbox's own apps in this process, the receiver is the real one, PostgreSQL and Valkey are real servers.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import redis
import requests
from sqlalchemy import Engine, text

from connector.broker import enqueue_all
from connector.embedded.postgres import embedded_postgres
from connector.embedded.valkey import embedded_valkey
from connector.flows.registry import flow_for_topic
from connector.ledger.dispatch import DueMessage
from connector.ledger.inbox import Recorded, record_delivery
from connector.ledger.metadata import METADATA
from connector.ledger.migrate import upgrade
from connector.ledger.people import release
from connector.ledger.session import open_ledger, transaction
from connector.logs import configure_logs
from sandbox.m3.app import create_app as create_m3
from sandbox.m3.book import book as book_of_m3
from sandbox.m3.faults import Outage, Rule
from sandbox.m3.faults import Settings as M3Faults
from sandbox.m3.programs.confirm import release as release_in_ois275
from sandbox.m3.programs.order_changes import clo_line
from sandbox.m3.programs.run import Run
from sandbox.m3.site import Site
from sandbox.serving import WsgiApp
from sandbox.shop.app import create_app as create_shop
from sandbox.shop.book import make_book
from sandbox.shop.delivery import Prepared, prepare
from sandbox.shop.dispatcher import Dispatcher, Waiting
from sandbox.shop.faults import FaultPlan
from sandbox.shop.state import Shop
from tests.acceptance.simulation.accounts_history import AccountsHistory, EraserWitness
from tests.acceptance.simulation.goods import ITEMS, LONG_AGO, GoodsHistory, NewsOfM3
from tests.acceptance.simulation.messages import Message, waiting_messages
from tests.acceptance.simulation.runs import StoppedRuns
from tests.acceptance.simulation.sorts import CUT_S, Sort
from tests.acceptance.simulation.virtual_time import VirtualClock, lived_by
from tests.acceptance.simulation.wires import Place, Wires
from tests.acceptance.simulation.witness import Witness
from tests.harness import STORE, WEBHOOK_SECRET, Connector, Sandbox
from webhook_receiver.app import create_app as create_receiver
from webhook_receiver.ion_wiring import ion_parts
from webhook_receiver.routes import Parts
from workers.process import Process

SHOP, M3, RECEIVER = "shop.example", "m3.example", "connector.example"
KEYS = ("ck_sandbox", "cs_sandbox")
API_KEY = "a key of the simulation"
KEPT = ("store", "credential", "clock_offset")
_EMPTY = text("; ".join(f"DELETE FROM {one.name}" for one in reversed(METADATA.sorted_tables) if one.name not in KEPT))
_COUNT_ANEW = text("""
SELECT setval(format('%I.%I', schemaname, sequencename), 1, false) FROM pg_sequences WHERE schemaname = 'public'
""")
_FOUND_ERASED = "SELECT business_key FROM exchange WHERE flow = 'customers_to_m3' AND fingerprint = 'erased'"
LATE_COMMIT_S = 4.0


class World:
    """One world; `start_anew` empties it."""

    def __init__(self, engine: Engine, valkey_url: str, home: Path) -> None:
        """Use `made_world`."""
        self.engine = engine
        self.valkey = redis.Redis.from_url(valkey_url)
        self.clock = VirtualClock(engine, self.valkey)
        self.stopped_runs = StoppedRuns()
        shop, m3 = create_shop(seed=1, clock=self.clock), create_m3(seed=1, clock=self.clock)
        self.shop: Shop = shop.extensions["shop"]
        self.dispatcher: Dispatcher = shop.extensions["dispatcher"]
        self.site: Site = m3.extensions["site"]
        self._shop_faults: Callable[[FaultPlan], None]
        self.wires = Wires({SHOP: shop.wsgi_app, M3: m3.wsgi_app})
        self.wires.watch, self.wires.call_later = self._watch, self.clock.call_later
        self.witness = Witness(self.site, self.shop)
        self.news = NewsOfM3(f"https://{RECEIVER}", store=STORE, api_key=("X-Api-Key", API_KEY))
        self.sort = Sort.ORDERS_ALONE
        self._session = requests.Session()
        self._session.trust_env = False
        self._valkey_url, self._home = valkey_url, home
        self.loses_next_hint = False
        self.on_back_order: set[str] = set()  # orders of M3 of which nothing more comes on this day

    def open(self) -> None:
        """Adds the store and opens the worker processes; the wires must be connected."""
        sandbox = Sandbox(shop_url=f"https://{SHOP}", m3_url=f"https://{M3}")
        self.connector = Connector(self.engine, valkey_url=self._valkey_url, sandbox=sandbox, home=self._home)
        self._configure()
        self.wires.apps[RECEIVER] = self._receiver()
        self.workers = [self.connector.process, *(self.connector.another_process(f"test:{name}") for name in "bc")]
        for one in self.workers:
            one.heartbeat.stop()  # time stands still while a run is at work, so no lease has to be renewed beside it

    def close(self) -> None:
        """Closes what was opened."""
        for one in self.workers[1:]:
            one.runtime.close()
        self.connector.close()
        self.dispatcher.close()
        self.news.close()
        self._session.close()
        self.valkey.close()

    def start_anew(self, seed: int, *, sort: Sort, goods: GoodsHistory, accounts: AccountsHistory) -> None:
        """Empties shop, M3, ledger and broker, ends all faults, and sets the clock back.

        Args:
            seed: Of both sandboxes.
            sort: What the store carries on this day.
            goods: Those of this day, if the store publishes items, prices and stock of M3.
            accounts: Those of this day, if the store follows them and shows what M3 says of its customers.
        """
        if sort is not self.sort:
            self.sort = sort
            self._configure()
        with transaction(self.engine) as connection:
            connection.execute(_EMPTY)  # a sixth of the time TRUNCATE takes for a few rows
            connection.execute(_COUNT_ANEW)
            connection.execute(text("UPDATE store SET paused_by = NULL, paused_reason = NULL, probe_at = NULL"))
        self.valkey.flushdb()
        self.clock.reset()
        self.site.reset(seed)
        self.control(SHOP, "reset", seed=seed)
        self.control(SHOP, "faults")
        self.control(SHOP, "settings", dispatch="paused", home_url=f"https://{SHOP}")
        for topic in sort.topics:
            self._listen(topic)
        self.witness.start_anew(goods)
        self.wires.see, self.wires.late_by_s = None, None
        if sort.shows_stock:
            self.wires.see = self.witness.sees
        if sort.shows_goods:
            self._stock_up(goods)
        if sort.follows_accounts:
            witness = EraserWitness(accounts, is_of_old=self.stopped_runs.is_one, found_erased=self._found_erased)
            self.wires.see = witness.sees
        if sort.keeps_books:
            self.let_books_run()
        if sort.converts:
            self.control(M3, "rates", content=[{"cucd": "USD", "cutd": "20000101", "delete": True}])
        for one in self.workers:
            self.forget_in(one)
        self.wires.after_listing = None
        self.loses_next_hint = False
        self.on_back_order.clear()

    def _configure(self) -> None:
        self.connector.configure(self.sort.store_file, ion_api_key=API_KEY)

    def let_books_run(self) -> None:
        """Ends what holds M3's jobs up: batches are posted, payments too, and messages of stock executed."""
        self.control(M3, "ledger", posts_payments=True)
        self.control(M3, "stock/messages", runs=True)
        for message in self.m3_book()["stock_messages"]:
            self.control(M3, f"stock/messages/{message['msnr']}/run")

    def _stock_up(self, history: GoodsHistory) -> None:
        """Lets M3 have goods of its own; what it had before was changed long ago."""
        for item in [*self.site.state.items.values()]:
            item.changed_on = LONG_AGO
            self.site.state.items.put(item)
        self.control(M3, "items", content=[*ITEMS])
        self.news.start_anew(self.site)
        history.note(self.site)

    def _found_erased(self) -> list[int]:
        return [int(row["business_key"]) for row in self.rows(_FOUND_ERASED)]

    def forget_in(self, process: Process) -> None:
        """Drops what a process remembers, as its death does."""
        for _, store in process.runtime._stores.values():
            store.remembered.clear()
            store.vouchers.clear()
            store.m3._tokens._cached, store.m3._tokens._use_cached_until = None, 0.0

    def control(self, host: str, path: str, *, content: list[dict[str, Any]] | None = None, **body: Any) -> Any:
        """Asks a control address of a sandbox and returns its answer."""
        answer = self._session.post(f"https://{host}/_control/{path}", json=body if content is None else content)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def delete_refund(self, order_id: int, refund_id: int) -> None:
        """Deletes a refund by the shop's REST interface."""
        path = f"orders/{order_id}/refunds/{refund_id}"
        url = f"https://{SHOP}/wp-json/wc/v3/{path}?force=true"
        self._session.delete(url, auth=KEYS).raise_for_status()

    def m3_book(self) -> dict[str, Any]:
        """Returns M3's book."""
        return book_of_m3(self.site.state)

    def shop_book(self) -> dict[str, Any]:
        """Returns the shop's book."""
        return make_book(self.shop, waiting=0)

    def rows(self, statement: str, **values: Any) -> list[dict[str, Any]]:
        """Returns rows of the ledger."""
        return self.connector.rows(statement, **values)

    def m3_faults(self, *rules: Rule, outage_s: float = 0, late_commit_s: float = LATE_COMMIT_S) -> None:
        """Replaces the faults of M3."""
        outage = Outage(to_s=outage_s) if outage_s else None
        settings = M3Faults(rules=rules, outage=outage, gateway_cut_s=CUT_S, late_commit_s=late_commit_s)
        self.site.faults.replace(settings)

    def messages(self) -> list[Message]:
        """Returns what waits in the broker, oldest first."""
        return waiting_messages(self.valkey)

    def undelivered(self) -> list[Waiting]:
        """Returns the shop's deliveries that wait to be sent, oldest first."""
        return list(self.dispatcher._queue)

    def take_delivery(self, waiting: Waiting) -> Prepared | None:
        """Takes one out of the shop's queue and builds its body as the shop stands now."""
        with self.shop.lock:
            self.dispatcher._queue.remove(waiting)
            webhook = self.shop.webhooks.get(waiting.webhook_id)
            return None if webhook is None else prepare(self.shop, webhook, waiting.resource_id)

    def deliver(self, prepared: Prepared) -> int:
        """Sends a delivery to the receiver and returns its answer."""
        return self._session.post(prepared.url, data=prepared.body, headers=prepared.headers).status_code

    def release_batch_order(self, temporary: str) -> str:
        """Does what a person does in OIS275 and returns the order's number."""
        with self.site.state.lock:
            return release_in_ois275(self.site.state, temporary).orno

    def close_line(self, orno: str, ponr: int) -> None:
        """Does what a person does in OIS300 with a line nothing of which is picked."""
        fields = {"ORNO": orno, "PONR": str(ponr), "POSX": "0"}
        with self.site.state.lock:
            clo_line(Run("OIS100MI", "CloLine", fields, self.site.state, self.site.faults.settings))

    def release(self, exchange_id: int) -> None:
        """Releases a dead letter, as a person does."""
        with transaction(self.engine) as connection:
            release(connection, exchange_id, who="simulation", why="the cause was removed")

    def _receiver(self) -> WsgiApp:
        def offer(recorded: Recorded) -> bool:
            if not recorded.due or recorded.exchange_id is None or recorded.pool is None or self.loses_next_hint:
                return False
            hint = DueMessage(recorded.exchange_id, recorded.pool, recorded.claim_no)
            enqueue_all(self.connector.process.app, [hint])
            return True

        def nothing() -> None:
            return None

        def secret(store: str) -> str | None:
            return WEBHOOK_SECRET if store == STORE else None

        parts = Parts(
            secret=secret,
            record=partial(record_delivery, self.engine),
            offer=offer,
            flow_for_topic=flow_for_topic,
            check_ledger=nothing,
            check_broker=nothing,
        )
        ion = ion_parts(self.connector.process.runtime, offer)
        app: WsgiApp = create_receiver(parts, due_by_pool=dict, ion=ion).wsgi_app
        return app

    def _listen(self, topic: str) -> None:
        url = f"https://{RECEIVER}/webhooks/woocommerce/{STORE}"
        body = {"topic": topic, "delivery_url": url, "secret": WEBHOOK_SECRET}
        answer = self._session.post(f"https://{SHOP}/wp-json/wc/v3/webhooks", json=body, auth=KEYS)
        answer.raise_for_status()

    def _watch(self, place: Place) -> None:
        self.stopped_runs.watch(place)


@contextmanager
def made_world() -> Iterator[World]:
    """Starts the servers and makes a world that lives in this process; only one at a time.

    Raises:
        ConfigurationError: The servers do not start.
    """
    configure_logs("CRITICAL")
    with tempfile.TemporaryDirectory(prefix="simulation-") as folder:
        home = Path(folder)
        with (
            embedded_postgres(home / "postgres", durable=False) as postgres,
            embedded_valkey(home / "valkey", durable=False) as valkey,
        ):
            url = postgres.url.replace("postgresql://", "postgresql+psycopg2://", 1)
            upgrade(url)
            engine = open_ledger(url)
            world = World(engine, valkey.url, home)
            with lived_by(world.clock), world.wires.connected():
                world.open()
                try:
                    yield world
                finally:
                    world.close()
                    engine.dispose()
