"""Pieces that come back without money: what was put back on sale alone, or cost nothing. They are goods, whatever they cost."""

from __future__ import annotations

from typing import Any

import pytest

from connector.flows.refunds.poll import ask_for_refunds
from connector.flows.refunds.reading import Found
from tests.harness import STORE
from tests.integration.flows.customers.test_nothing_left import EMPTIED
from tests.integration.flows.reconciling.clerk import Clerk
from tests.integration.flows.refunds.desk import MUG, OTHER_MUG
from tests.integration.flows.refunds.test_unpicked import all_done, left_in_m3, left_in_shop, pieces


def posted(clerk: Clerk, **changes: Any) -> dict[str, Any]:
    order = clerk.place()
    if changes:
        order = clerk.change(order, **changes)
    clerk.go_on()
    return order


def take_back(clerk: Clerk, order: dict[str, Any], line: int, quantity: int = 1) -> int:
    row = {"id": order["line_items"][line]["id"], "quantity": quantity, "refund_total": 0, "refund_tax": []}
    return clerk.refund(order, "0.00", line_items=[row], api_restock=True)


def free(order: dict[str, Any], *lines: int) -> dict[str, Any]:
    rows = [order["line_items"][line] for line in lines]
    return {"line_items": [{**{name: one[name] for name in ("id", "quantity")}, "total": "0.00"} for one in rows]}


def came_back(clerk: Clerk) -> list[tuple[str, list[tuple[str, str]]]]:
    return [(one["total"], [(line["itno"], line["quantity"]) for line in one["lines"]]) for one in clerk.returns()]


def test_piece_put_back_on_sale_without_money_is_not_delivered(clerk: Clerk) -> None:
    order = posted(clerk)
    take_back(clerk, order, MUG)

    clerk.go_on()

    assert (pieces(clerk, order), clerk.returns()) == ({"MUG-001": "2", "MUG-002": "1"}, [])
    assert left_in_m3(clerk, order) == left_in_shop(clerk, order)
    assert (clerk.reconcile(), clerk.totals.is_explained) == ([], True)
    assert all_done(clerk)


def test_piece_put_back_on_sale_without_money_comes_back_on_a_return(clerk: Clerk) -> None:
    order = posted(clerk)
    clerk.advance(order, "77")
    take_back(clerk, order, MUG)

    clerk.go_on()

    assert came_back(clerk) == [("0.00", [("MUG-001", "-1")])]
    assert (clerk.reconcile(), clerk.totals.is_explained) == ([], True)
    assert all_done(clerk)


def test_piece_that_cost_nothing_is_not_delivered(clerk: Clerk) -> None:
    order = clerk.place()
    order = clerk.change(order, **free(order, OTHER_MUG))
    clerk.go_on()
    take_back(clerk, order, OTHER_MUG)

    clerk.go_on()

    assert (pieces(clerk, order), clerk.returns()) == ({"MUG-001": "3"}, [])
    assert (clerk.reconcile(), clerk.totals.is_explained) == ([], True)
    assert all_done(clerk)


def test_piece_of_an_order_that_cost_nothing_leaves_the_others_in_it(clerk: Clerk) -> None:
    order = clerk.place(shipping_total="0.00")
    order = clerk.change(order, **free(order, MUG, OTHER_MUG))
    clerk.go_on()
    take_back(clerk, order, MUG)

    clerk.go_on()

    assert pieces(clerk, order) == {"MUG-001": "2", "MUG-002": "1"}
    assert all_done(clerk)


def test_return_of_pieces_without_money_that_m3_misses_is_found(clerk: Clerk) -> None:
    order = clerk.invoiced()
    refund = take_back(clerk, order, MUG)
    clerk.go_on()
    clerk.delete_in_m3(clerk.returns()[0]["orno"])

    assert [row.shop_id for row in clerk.reconcile()] == [refund]


def test_refund_of_nothing_is_nothing_to_credit(clerk: Clerk) -> None:
    order = posted(clerk)
    clerk.refund(order, "0.00")

    clerk.go_on()

    assert "nothing to credit" in clerk.refunds()[0]["reason"]


def settled_by_former_version(clerk: Clerk, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """An invoiced order with a piece given back for 0.00, which a version settled that carried no pieces without money."""
    order = clerk.invoiced()
    take_back(clerk, order, MUG)
    with monkeypatch.context() as former:
        former.setattr(Found, "gives_back", property(lambda found: bool(found.refund.amount)))
        clerk.go_on()
    assert ("nothing to credit" in clerk.refunds()[0]["reason"], clerk.returns()) == (True, [])
    return order


def test_erasure_carries_no_piece_that_a_former_version_settled(clerk: Clerk, monkeypatch: pytest.MonkeyPatch) -> None:
    order = settled_by_former_version(clerk, monkeypatch)

    meta = [{"key": "_anonymized", "value": "yes"}]
    clerk.change(order, billing=EMPTIED, shipping=EMPTIED, customer_note="", meta_data=meta)
    clerk.go_on()

    assert came_back(clerk) == []
    assert all_done(clerk)


def test_remedy_of_a_piece_that_a_former_version_settled_carries_it(
    clerk: Clerk, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = settled_by_former_version(clerk, monkeypatch)
    store = clerk.connector.process.runtime.store(STORE)

    (row,) = clerk.reconcile()
    ask_for_refunds(clerk.connector.engine, store, order_ids=[order["id"]], window=None)
    clerk.go_on()

    assert row.remedy == f"connector sync refunds_to_m3 --store {STORE} --ids {order['id']}"
    assert came_back(clerk) == [("0.00", [("MUG-001", "-1")])]
