"""The demo's plan must hold what it promises; its judge has tests of its own (tests/acceptance/checker)."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from demo.changes import plan_changes
from demo.orders import ALWAYS, DEFAULT_ORDERS, SHARES, Delivery, plan_orders


def test_the_story_has_every_kind_and_loses_two_orders_on_their_way() -> None:
    planned = plan_orders(DEFAULT_ORDERS, seed=1)

    assert Counter(one.kind for one in planned) == Counter(SHARES)
    assert Counter(one.deliver for one in planned)[Delivery.NEVER] == 2
    assert {one.deliver for one in planned} == set(Delivery)


@pytest.mark.parametrize("count", [len(ALWAYS), 61, 200])
def test_a_story_of_any_length_has_the_kinds_that_matter(count: int) -> None:
    planned = plan_orders(count, seed=3)

    assert len(planned) == count
    assert set(ALWAYS) <= {one.kind for one in planned}


def shelf() -> list[dict[str, Any]]:
    simple = [product(f"P-{number:05d}", "simple") for number in range(1, 13)]
    return [
        *simple,
        product("TS-00001-RED-M", "variation", parent_id=1200),
        product("TSHIRT-S-RED", "variation", parent_id=33),
    ]


def product(sku: str, kind: str, *, parent_id: int = 0) -> dict[str, Any]:
    return {
        "sku": sku,
        "type": kind,
        "parent_id": parent_id,
        "name": f"Thing {sku}",
        "status": "publish",
        "regular_price": "10.00",
        "stock_quantity": 50,
    }


def test_every_change_is_seen_in_the_shop_only_when_it_is_there() -> None:
    before = {one["sku"]: one for one in shelf()}

    changes = plan_changes(shelf(), seed=1)

    assert len({one.sku for one in changes}) == len(changes) == 10
    assert not any(one.is_shown(before[one.sku]) for one in changes if one.sku in before)
    assert [one.sku for one in changes if one.sku not in before] == ["NEW-0001"]


def test_a_price_a_count_and_a_name_are_lost_on_their_way() -> None:
    lost = [one for one in plan_changes(shelf(), seed=2) if not one.is_told]

    assert [one.path for one in lost] == ["prices", "stock", "items"]


def test_a_change_shows_when_the_shop_holds_what_m3_does() -> None:
    price = next(one for one in plan_changes(shelf(), seed=1) if one.path == "prices")

    shown = {"regular_price": price.body["sapr"], "status": "publish", "name": "", "stock_quantity": 50}

    assert price.is_shown(shown)
