"""A shop that is too slow for large batches gets smaller ones, from items, prices and stock alike; they grow again."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from connector.flows.pulls import PULLS
from connector.ledger.offers import mark_due, wake_due
from connector.ledger.session import transaction
from connector.woocommerce.products import Products
from tests.harness import SETTLED_S, STORE, Connector
from tests.integration.flows.story import quick_store

ITEMS = [f"SLOW-{number:03d}" for number in range(120)]
ELEMENT_MS, CUT_S = 20, 0.5
MOST = 25
"""So many elements the shop can do before something in front of it ends the call."""
PUBLISHED: dict[str, Any] = {"items": {}, "prices": {"price_list": "WEB", "currency": "EUR"}, "stock": {}}


class SlowShop:
    """A store of many items, whose batches are counted."""

    def __init__(self, connector: Connector, monkeypatch: pytest.MonkeyPatch) -> None:
        self.connector = connector
        self.sandbox = connector.sandbox
        self.sizes: list[int] = []
        write = Products.write_batch

        def counted(products: Products, **elements: Any) -> Any:
            self.sizes.append(sum(len(some) for some in elements.values()))
            return write(products, **elements)

        monkeypatch.setattr(Products, "write_batch", counted)

    def configure(self, *parts: str) -> None:
        file = yaml.safe_load(quick_store())
        file["publish"] = {part: PUBLISHED[part] for part in parts}
        self.connector.configure(yaml.safe_dump(file))

    def m3_says(self, number: int) -> None:
        m3 = f"{self.sandbox.m3_url}/_control"
        self.sandbox.post(f"{m3}/items", [{"itno": one, "name": f"Pot {number}"} for one in ITEMS])
        rows = [{"prrf": "WEB", "cucd": "EUR", "itno": one, "sapr": str(number)} for one in ITEMS]
        self.sandbox.post(f"{m3}/prices", rows)
        self.sandbox.post(f"{m3}/stock", [{"itno": one, "whlo": "001", "on_hand": str(number)} for one in ITEMS])

    def is_slow(self, *, element_ms: int) -> None:
        self.sandbox.post(
            f"{self.sandbox.shop_url}/_control/faults", {"element_ms": element_ms, "cut_s": CUT_S, "cut_ends": True}
        )

    def carry(self, part: str) -> list[int]:
        """Carries all items; returns how many elements were in each batch."""
        self.sizes.clear()
        flow = PULLS[part].flow
        with transaction(self.connector.engine) as connection:
            mark_due(connection, STORE, flow=flow, item_numbers=ITEMS)
        for _ in range(12):
            self.connector.settle()
            if not self.connector.rows("SELECT 1 FROM offer WHERE flow = :flow AND wanted_rev > done_rev", flow=flow):
                return list(self.sizes)
            self.connector.pass_time(SETTLED_S)
            with transaction(self.connector.engine) as connection:
                wake_due(connection)
        raise AssertionError(f"not carried: {self.sizes}")

    def shown(self) -> set[tuple[str, str, int]]:
        rows = self.connector.process.runtime.store(STORE).shop.products.by_sku(ITEMS)
        return {(one["name"], one["regular_price"], one["stock_quantity"]) for some in rows.values() for one in some}


@pytest.fixture
def shop(connector: Connector, monkeypatch: pytest.MonkeyPatch) -> SlowShop:
    slow = SlowShop(connector, monkeypatch)
    slow.configure("items")
    slow.m3_says(1)
    slow.carry("items")
    slow.configure("items", "prices", "stock")
    for part in ("prices", "stock"):
        slow.carry(part)
    return slow


@pytest.mark.parametrize("part", ["items", "prices", "stock"])
def test_batches_that_time_out_become_smaller_and_grow_again(shop: SlowShop, part: str) -> None:
    shop.m3_says(2)
    shop.is_slow(element_ms=ELEMENT_MS)

    sizes = shop.carry(part)

    done = [size for size in sizes if size <= MOST]
    assert sizes[0] > MOST  # it began with a batch the shop is too slow for,
    assert done and len(sizes) - len(done) <= 5  # got on with smaller ones, and did not try large ones all the time
    wanted = {"items": ("Pot 2", "1.00", 1), "prices": ("Pot 1", "2.00", 1), "stock": ("Pot 1", "1.00", 2)}
    assert shop.shown() == {wanted[part]}
    shop.is_slow(element_ms=0)
    shop.m3_says(3)
    assert max(shop.carry(part)) > min(done)
