"""The demo's plan must hold what it promises; its judge has tests of its own (tests/acceptance/checker)."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from connector.stores.reading import parse_store_config
from demo.changes import plan_changes
from demo.lives import Drawer, Hands, customers, giving_back, second_thoughts
from demo.orders import ALWAYS, COD, DEFAULT_ORDERS, OF_DIRECT, SHARES, Delivery, plan_orders
from demo.stores import DIRECT, STORE, direct_store, order_store


def test_the_story_has_every_kind_and_loses_two_orders_on_their_way() -> None:
    planned = plan_orders(DEFAULT_ORDERS, seed=1)

    assert Counter(one.kind for one in planned) == Counter(SHARES)
    assert Counter(one.deliver for one in planned)[Delivery.NEVER] == 2
    assert {one.deliver for one in planned} == set(Delivery)


@pytest.mark.parametrize("seed", range(1, 6))
def test_the_second_shop_and_cash_on_delivery_have_their_shares(seed: int) -> None:
    planned = plan_orders(DEFAULT_ORDERS, seed=seed)

    assert Counter(one.kind for one in planned if one.store == DIRECT) == Counter(OF_DIRECT)
    assert Counter(one.kind for one in planned if one.is_cod) == Counter(COD)
    assert not any(one.store == DIRECT and (one.is_cod or one.deliver is Delivery.NEVER) for one in planned)


@pytest.mark.parametrize("content", [order_store(), direct_store()])
def test_the_store_files_of_the_demo_are_taken(content: str) -> None:
    assert parse_store_config(content, source="demo").payments is not None


def placed(kind: str, *, is_paid: bool, lines: int = 2) -> tuple[str, dict[str, Any]]:
    rows = [{"id": number, "quantity": 2, "total": "8.00", "subtotal": "8.00"} for number in range(lines)]
    paid = "2026-11-29T10:00:00" if is_paid else None
    return kind, {"id": 0, "line_items": rows, "date_paid_gmt": paid}


NOBODY = Hands(stage=None)  # type: ignore[arg-type]  # nothing is done here


def drawer_of(store: str) -> Drawer:
    orders = {}
    for number, one in enumerate(plan_orders(DEFAULT_ORDERS, seed=1)):
        kind, order = placed(one.kind, is_paid=not one.is_cod)
        if one.store == store:
            orders[number] = (kind, {**order, "id": number})
    return Drawer(orders)


def test_each_order_lives_through_one_change_only() -> None:
    drawer, direct = drawer_of(STORE), drawer_of(DIRECT)
    hero = drawer.take("variations")

    thoughts = second_thoughts(NOBODY, drawer)
    back = giving_back(NOBODY, drawer, direct=direct, hero=hero)

    first, second = thoughts.scenes
    assert len(first) == 12 and len(second) == 1
    assert [deed.who for deed in second] == [deed.who for deed in first if deed.what == "cancelled"][1:]
    assert len(back.scenes[0]) == 11
    of_direct = [deed for deed in back.scenes[0] if DIRECT in deed.what]
    done = [deed.who for deed in (*first, *back.scenes[0]) if deed not in of_direct]
    assert len(set(done)) == len(done)
    assert len({deed.who for deed in of_direct}) == 2


def test_each_account_lives_through_one_change_only() -> None:
    orders = [{"id": number, "customer_id": account} for number, account in enumerate((0, 7, 7, 0, 8, 9, 10))]

    act = customers(NOBODY, orders)

    assert [deed.who for deed in act.deeds] == ["account 7", "account 8", "account 9"]


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
