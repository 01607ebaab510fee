"""The demo's plan must hold what it promises; its judge has tests of its own (tests/acceptance/checker)."""

from __future__ import annotations

from collections import Counter

import pytest

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
