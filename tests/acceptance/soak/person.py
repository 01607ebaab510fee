"""A person at work: does what dead letters ask for, and turns webhooks on again that the shop turned off. Used by run.py."""

from __future__ import annotations

import getpass
import re
import threading
from collections import Counter

import requests
from sqlalchemy import Engine, text

from connector.errors import ConnectorError
from connector.ledger.people import dead_letter_ids, release
from connector.ledger.session import transaction
from demo.errors import DemoError
from tests.acceptance.soak.stage import STORE, Stage
from tests.acceptance.soak.watch import AFTER_CONFIRM

LOOKS_EVERY_S = 4.0
SHOP_KEY = ("ck_sandbox", "cs_sandbox")
NUMBER = re.compile(r"Batch order (\S+) is at status (15|25|30)")


class Person:
    """A thread that looks at the dead letters and at the shop's webhooks every few seconds."""

    def __init__(self, stage: Stage) -> None:
        """Prepares; start() begins."""
        self._stage = stage
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="person", daemon=True)
        self._released: set[str] = set()
        self.done: Counter[str] = Counter()

    def start(self) -> None:
        """Begins."""
        self._thread.start()

    def stop(self) -> None:
        """Ends after the present look."""
        self._ending.set()
        self._thread.join(timeout=60)

    def _run(self) -> None:
        while not self._ending.wait(LOOKS_EVERY_S):
            try:
                self._release_held()
                self._release_crashed()
                self._turn_webhooks_on()
            except (ConnectorError, DemoError, requests.RequestException):
                continue  # the database or the shop is away: the next look is soon

    def _release_held(self) -> None:
        for exchange_id, state, reason in _held(self._stage.under.ledger):
            found = NUMBER.match(reason)
            if found is None:
                continue
            temporary, status = found.groups()
            if temporary not in self._released:
                self._stage.m3.control(f"batch_orders/{temporary}/release", {})
                self._released.add(temporary)
                self.done[f"batch orders released in OIS275 at status {status}"] += 1
            if state == "dead_letter":
                with transaction(self._stage.under.ledger) as connection:
                    release(connection, exchange_id, who=getpass.getuser(), why="released in OIS275")

    def _release_crashed(self) -> None:
        """Three workers in a row were killed at the same order: here it is known that the order is not to blame."""
        ledger = self._stage.under.ledger
        with transaction(ledger) as connection:
            for exchange_id in dead_letter_ids(connection, store=STORE, reason_code="crashed"):
                release(connection, exchange_id, who=getpass.getuser(), why="the nemesis killed its workers")
                self.done["orders released whose workers were killed three times in a row"] += 1

    def _turn_webhooks_on(self) -> None:
        address = f"{self._stage.shop.url}/wp-json/wc/v3/webhooks"
        listed = requests.get(address, params={"per_page": 100}, auth=SHOP_KEY, timeout=10)
        if listed.status_code != 200:
            return
        for webhook in listed.json():
            if webhook["status"] == "disabled":
                requests.put(f"{address}/{webhook['id']}", json={"status": "active"}, auth=SHOP_KEY, timeout=10)
                self.done["webhooks the shop had turned off, turned on again"] += 1


_HELD = text("SELECT id, state, reason FROM exchange WHERE state IN ('dead_letter', 'waiting') AND reason LIKE :reason")


def _held(ledger: Engine) -> list[tuple[int, str, str]]:
    with transaction(ledger) as connection:
        return [(row.id, row.state, row.reason) for row in connection.execute(_HELD, {"reason": AFTER_CONFIRM})]
