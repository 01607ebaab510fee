"""The first scene: M3's item master becomes the shop's catalogue, with prices and stock. Called by stage and story."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from demo.changes import PRICE_LIST
from demo.errors import DemoError
from demo.screen import Screen
from demo.stage import Stage
from demo.stores import STORE
from demo.systems import System

ITEMS = 300
ITEM, FREE = "COOKBOOK", "FREE-0"
NOT_FOR_SHOP = (ITEM, "CREDIT-00", "CREDIT-05", "CREDIT-25", "SET-K")
"""M3's people do not offer these to the shop (SALE): what orders need but nobody buys by this number."""
ASK_EVERY_S = 0.5
LIMIT_S = 60.0


class Goods:
    """The item master of M3 and what the shop has of it."""

    def __init__(self, *, seed: int) -> None:
        """Keeps the seed of M3's items."""
        self._seed = seed
        self._shop_had: set[str] = set()

    def prepare(self, shop: System, m3: System) -> None:
        """Says in M3 what is not for the shop, before any process of the connector runs."""
        self._shop_had = {one["sku"] for one in shop.part("products") if one["sku"]}
        m3.control("items", [{"itno": ITEM, "name": "Cookbook", "list_price": "25.00", "vat_code": 2}])
        m3.control("items", [{"itno": one, "SALE": "0"} for one in NOT_FOR_SHOP])
        m3.control("prices", [{**PRICE_LIST, "itno": FREE, "sapr": "0"}])

    def load(self, stage: Stage, screen: Screen) -> None:
        """Carries everything to the shop by the command a person would use, and shows how far it is.

        Raises:
            DemoError: It did not get there.
        """
        made = stage.m3.control("catalogue", {"items": ITEMS, "campaign_share": 0, "seed": self._seed})
        began = time.monotonic()
        screen.tell(f"The shop has {len(self._shop_had)} products and variations. M3 gets {made['items']} items more: "
                    f"{made['simple']} simple ones, {made['styles']} styles in {made['variants']} variants.")  # fmt: skip
        arguments = ("sync", "items_to_woo", "--store", STORE, "--full", "--wait")
        screen.tell(f"$ connector {' '.join(arguments)}")
        with ThreadPoolExecutor(max_workers=1) as commands:
            said = commands.submit(stage.commands.run, *arguments, may_end_with=(0, 1))
            while not said.done():
                _show(stage, screen)
                time.sleep(ASK_EVERY_S)
            for line in said.result().strip().splitlines():
                screen.tell(f"  {line}")
        screen.tell("Prices and stock of what is new follow by themselves.")
        while any(one["due"] for one in stage.commands.read("status")["items"]):
            if time.monotonic() - began > LIMIT_S:
                raise DemoError(f"The shop did not get M3's items, prices and stock in {LIMIT_S:.0f} s.")
            _show(stage, screen)
        self._tell(stage, screen, seconds=time.monotonic() - began)

    def _tell(self, stage: Stage, screen: Screen, *, seconds: float) -> None:
        products = stage.shop.part("products")
        skus = [one["sku"] for one in products if one["sku"]]
        if len(skus) != len(set(skus)):
            raise DemoError("The shop has two products of one SKU after the first load.")
        items = {str(one["itno"]) for one in stage.m3.part("items")} - set(NOT_FOR_SHOP)
        screen.tell(
            f"M3's items are the shop's catalogue after {seconds:.1f} s: {len(set(skus) - self._shop_had)} products and variations"
            f" made, {len(items & self._shop_had)} that were there adopted by their SKU; {_counted(products)}."
        )


def _show(stage: Stage, screen: Screen) -> None:
    screen.loading(_counted(stage.shop.part("products")))


def _counted(products: list[dict[str, Any]]) -> str:
    priced = sum(bool(one["regular_price"]) for one in products)
    stocked = sum(one["manage_stock"] is True for one in products)
    return f"{len(products)} in all, {priced} with a price, {stocked} with stock"
