"""What people change in M3 while the shop sells: prices, names, items, stock; planned from the shop's book. Used by the story."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from demo.shelf import Product

PRICE_LIST = {"prrf": "WEB", "cucd": "EUR", "fvdt": "20200101", "lvdt": "20991231"}
CENT = Decimal("0.01")
NEW_ITEM = "NEW-0001"
INACTIVE = "90"


@dataclass(frozen=True)
class Change:
    """One change made in M3, and how to see that the shop shows it."""

    sku: str
    what: str
    was: str
    now: str
    path: str
    body: Mapping[str, Any]
    is_shown: Callable[[Product], bool]
    is_told: bool = True  # False: M3's message of it gets lost

    @property
    def words(self) -> str:
        """Says what changed."""
        return f"{self.what} {self.was} -> {self.now}" if self.was else f"{self.what}: {self.now}"


def plan_changes(products: Sequence[Mapping[str, Any]], *, seed: int) -> list[Change]:
    """Returns the changes of the story in the order they are made; those M3's messages of which get lost are last.

    No buyer of the story buys what is changed, so it is known what the shop has to show.

    Args:
        products: The `products` of the shop's book, when it shows M3's catalogue.
        seed: The same seed chooses the same products.
    """
    rng = random.Random(seed)  # noqa: S311 - a repeatable story, nothing secret
    simple = [one for one in products if _is_for_sale(one) and one["sku"].startswith("P-")]
    variations = [
        one for one in products if _is_for_sale(one) and one["type"] == "variation" and one["parent_id"] > 1100
    ]
    some, variation = iter(rng.sample(simple, 8)), rng.choice(variations)
    return [
        _price(next(some), Decimal("1.10")),
        _received(next(some), 250),
        _renamed(next(some)),
        _counted(next(some)),
        _price(variation, Decimal("0.80")),
        _ended(next(some)),
        _added(),
        _price(next(some), Decimal("1.25"), is_told=False),
        _received(next(some), 40, is_told=False),
        _renamed(next(some), is_told=False),
    ]


def _is_for_sale(product: Mapping[str, Any]) -> bool:
    quantity = product["stock_quantity"]
    is_whole = isinstance(quantity, int) and quantity > 0
    return bool(
        product["status"] == "publish" and product["regular_price"] and is_whole and "rice" not in product["name"]
    )


def _price(product: Mapping[str, Any], factor: Decimal, *, is_told: bool = True) -> Change:
    sku, old = product["sku"], Decimal(product["regular_price"]).quantize(CENT)
    new = (old * factor).quantize(CENT)
    return Change(
        sku,
        f"price of {sku}",
        f"{old}",
        f"{new} EUR",
        "prices",
        {**PRICE_LIST, "itno": sku, "sapr": str(new)},
        lambda shown: bool(shown["regular_price"]) and Decimal(shown["regular_price"]) == new,
        is_told,
    )


def _renamed(product: Mapping[str, Any], *, is_told: bool = True) -> Change:
    sku, new = product["sku"], f"{product['name']} new"
    return Change(
        sku,
        f"name of {sku}",
        f'"{product["name"]}"',
        f'"{new}"',
        "items",
        {"itno": sku, "name": new},
        lambda shown: bool(shown["name"] == new),
        is_told,
    )


def _received(product: Mapping[str, Any], count: int, *, is_told: bool = True) -> Change:
    sku, old = product["sku"], int(product["stock_quantity"])
    return Change(
        sku,
        f"{count} pieces of {sku} received, stock",
        f"{old}",
        f"{old + count} pieces",
        "stock",
        {"itno": sku, "add": str(count)},
        lambda shown: bool(shown["stock_quantity"] == old + count),
        is_told,
    )


def _counted(product: Mapping[str, Any]) -> Change:
    sku, old = product["sku"], int(product["stock_quantity"])
    new = old // 2
    return Change(
        sku,
        f"{sku} counted, stock",
        f"{old}",
        f"{new} pieces",
        "stock",
        {"itno": sku, "on_hand": str(new)},
        lambda shown: bool(shown["stock_quantity"] == new),
    )


def _ended(product: Mapping[str, Any]) -> Change:
    sku = product["sku"]
    return Change(
        sku,
        f"item {sku}",
        "sold",
        "no longer sold (status 90)",
        "items",
        {"itno": sku, "status": INACTIVE},
        lambda shown: bool(shown["status"] != "publish"),
    )


def _added() -> Change:
    return Change(
        NEW_ITEM,
        f"new item {NEW_ITEM}",
        "",
        "20 pieces at 17.50 EUR",
        "items",
        {"itno": NEW_ITEM, "name": "Bread knife", "list_price": "17.50", "on_hand": "20", "HIE1": "HOME", "SALE": "1"},
        lambda shown: shown["regular_price"] == "17.50" and shown["stock_quantity"] == 20,
    )
