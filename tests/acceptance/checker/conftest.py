"""A pair of books of a real small run, made once: orders of many kinds, and every one that is rightly not in M3."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text

from bench.checker import Verdict, check
from connector.ledger.metadata import METADATA
from connector.ledger.session import transaction
from tests.harness import STORE, Connector, Sandbox
from tests.integration.flows.refunds.desk import part_of
from tests.integration.flows.story import Story

POSTED = ("registered", "guest", "variations", "coupon_percent", "usd", "two_tax_rates", "same_sku_two_lines")
NOT_FOR_M3 = ("on_hold", "cancelled", "pending", "checkout_draft")
POISON_SKU = "BOOK-*"


@dataclass
class Books:
    """A pair of books to change, and which order of the shop is which."""

    shop: dict[str, Any]
    m3: dict[str, Any]
    ids: dict[str, int]

    def judge(self, **more: Any) -> Verdict:
        """Asks the checker."""
        return check(self.shop, self.m3, **{"stores": [STORE], "poison_skus": [POISON_SKU], **more})

    def shop_order(self, kind: str) -> dict[str, Any]:
        """Returns the shop's order of a kind."""
        found: dict[str, Any] = next(one for one in self.shop["orders"] if one["id"] == self.ids[kind])
        return found

    def m3_order(self, kind: str) -> dict[str, Any]:
        """Returns M3's order of a kind."""
        start = f"{STORE}-{self.ids[kind]}-"
        found: dict[str, Any] = next(one for one in self.m3["orders"] if one["yref"].startswith(start))
        return found

    def add_to_m3(self, kind: str, **changes: Any) -> None:
        """Gives M3 a second order that equals the one of a kind but for the changes."""
        self.m3["orders"].append({**deepcopy(self.m3_order(kind)), "orno": "0000099999", **changes})


@pytest.fixture(scope="session")
def recorded(_ledger: Engine, _valkey: str, _sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Books:
    """Plays the run."""
    _sandbox.reset()
    with transaction(_ledger) as connection:
        connection.execute(text(f"TRUNCATE {', '.join(METADATA.tables)} RESTART IDENTITY CASCADE"))
    return play(_ledger, _valkey, _sandbox, home=tmp_path_factory.mktemp("checker"))


def play(ledger: Engine, valkey_url: str, sandbox: Sandbox, *, home: Path) -> Books:
    """Places the orders and carries them; cancels, deletes and makes smaller one each afterwards, lets one hang in OIS275."""
    connector = Connector(ledger, valkey_url=valkey_url, sandbox=sandbox, home=home)
    try:
        story = Story(connector)
        placed = {kind: sandbox.place(kind=kind) for kind in (*POSTED, *NOT_FOR_M3)}
        placed |= {"poison": sandbox.place(kind="unknown_sku")}
        placed |= {name: sandbox.place(kind="guest") for name in ("withdrawn", "deleted")}
        placed |= {"reduced": story.place()}
        carry(story, placed)
        story.change(placed["withdrawn"], status="cancelled")
        mugs, other = placed["reduced"]["line_items"]
        story.change(placed["reduced"], refund={"line_items": [part_of(mugs, 2), part_of(other, 1)]})
        sandbox.post(f"{sandbox.shop_url}/_control/orders/{placed['deleted']['id']}", {"action": "delete"})
        story.m3_fault("OIS100MI/Confirm", "confirm_status", status="25")
        carry(story, {"reduced": placed["reduced"], "waiting": sandbox.place(kind="guest")}, into=placed)
        return Books(sandbox.shop_book(), sandbox.m3_book(), {name: one["id"] for name, one in placed.items()})
    finally:
        connector.close()


def carry(story: Story, orders: dict[str, Any], *, into: dict[str, Any] | None = None) -> None:
    """Makes orders due and runs them."""
    story.connector.ask(*(one["id"] for one in orders.values()))
    for _ in range(3):
        story.connector.drain()
        story.connector.pass_time(10)
    if into is not None:
        into |= orders


@pytest.fixture
def books(recorded: Books) -> Books:
    """The books, to be changed by one test."""
    return deepcopy(recorded)
