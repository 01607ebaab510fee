"""The demo's judge reads both books and must see what is wrong in them; the demo's plan must hold what it promises."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from demo.books import Comparison, compare_books
from demo.orders import ALWAYS, DEFAULT_ORDERS, SHARES, Delivery, plan_orders


def shop_order(**changes: Any) -> dict[str, Any]:
    return {
        "id": 1001,
        "status": "processing",
        "total": "22.38",
        "currency": "EUR",
        "lines": [{"sku": "MUG-001", "quantity": 2, "total": "12.90"}],
        "meta": {"_m3_order_number": "0000045001"},
        **changes,
    }


def m3_order(**changes: Any) -> dict[str, Any]:
    return {
        "orno": "0000045001",
        "temporary_orno": "9000001",
        "yref": "w1-1001-1795323895",
        "cucd": "EUR",
        "total": "22.38",
        "lines": [{"itno": "MUG-001", "quantity": "2"}],
        **changes,
    }


def judge(
    *, shop: list[dict[str, Any]], m3: list[dict[str, Any]], batch: tuple[dict[str, Any], ...] = ()
) -> Comparison:
    return compare_books({"orders": shop}, {"orders": m3, "batch_orders": batch}, store="w1", kinds={1001: "guest"})


def problems(found: Comparison) -> str:
    return "; ".join(problem for one in found.orders for problem in one.problems)


def test_equal_books_agree() -> None:
    found = judge(shop=[shop_order()], m3=[m3_order()])

    assert found.agrees
    assert found.orders[0].m3_numbers == ("0000045001",)


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        ({"total": "22.39"}, "the total is 22.38 in the shop, 22.39 in M3"),
        ({"cucd": "USD"}, "the currency is EUR in the shop, USD in M3"),
        ({"lines": []}, "the number of lines is 1 in the shop, 0 in M3"),
        ({"lines": [{"itno": "MUG-001", "quantity": "3"}]}, "the pieces is 2 in the shop, 3 in M3"),
        ({"orno": "0000045002"}, "M3's number is 0000045001 in the shop, 0000045002 in M3"),
    ],
)
def test_a_figure_that_differs_is_a_problem(changed: dict[str, Any], problem: str) -> None:
    found = judge(shop=[shop_order()], m3=[m3_order(**changed)])

    assert not found.agrees
    assert problem in problems(found)


def test_a_lost_order_is_a_problem() -> None:
    assert "is not in M3" in problems(judge(shop=[shop_order()], m3=[]))


def test_a_doubled_order_is_a_problem() -> None:
    found = judge(shop=[shop_order()], m3=[m3_order(), m3_order(orno="0000045002")])

    assert "is in M3 2 times" in problems(found)


def test_an_order_whose_number_did_not_reach_the_shop_is_a_problem() -> None:
    assert "M3's number is none in the shop" in problems(judge(shop=[shop_order(meta={})], m3=[m3_order()]))


@pytest.mark.parametrize("status", ["cancelled", "pending", "checkout-draft", "on-hold"])
def test_an_order_that_was_never_for_m3_may_not_be_there(status: str) -> None:
    assert judge(shop=[shop_order(status=status)], m3=[]).agrees
    assert "yet M3 has it" in problems(judge(shop=[shop_order(status=status)], m3=[m3_order()]))


@pytest.mark.parametrize("yref", ["", "w1-9999-1795323895", "w2-1001-1795323895", "something else"])
def test_an_order_in_m3_that_no_order_of_the_shop_explains_is_a_problem(yref: str) -> None:
    found = judge(shop=[shop_order()], m3=[m3_order(), m3_order(orno="0000045002", yref=yref)])

    assert not found.agrees
    assert len(found.strangers) == 1


def test_a_batch_order_left_behind_is_a_problem() -> None:
    found = judge(shop=[shop_order()], m3=[m3_order()], batch=(m3_order(),))

    assert not found.agrees
    assert found.batch_orders == ("9000001 (w1-1001-1795323895)",)


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
