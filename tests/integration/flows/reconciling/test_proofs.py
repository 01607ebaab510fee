"""Faults of the connector's own that a reason must not hide: each is made in the ledger or in M3, and has to end as unknown."""

from __future__ import annotations

import json
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from connector.flows.reconciling.result import WHOLE, Fact, Reason, Row
from connector.ledger.items import map_item
from connector.ledger.session import transaction
from tests.harness import STORE, Connector
from tests.integration.flows.books.counting_house import SETTLE, paying
from tests.integration.flows.reconciling.clerk import Clerk, reasons_of
from tests.integration.flows.reconciling.keeper import Bookkeeper
from tests.integration.flows.refunds.desk import MUG, OTHER_MUG

HOUR_S = 3600


@pytest.fixture
def keeper(connector: Connector) -> Bookkeeper:
    """A store whose payments pay the invoices of M3."""
    keeper = Bookkeeper(connector, guests="common")
    connector.configure(paying(payments={"settle": SETTLE}))
    return keeper


@pytest.fixture
def payer(connector: Connector) -> Clerk:
    """A store whose payments go to the ledger."""
    clerk = Clerk(connector, guests="common")
    connector.configure(paying())
    return clerk


def rewrite(clerk: Clerk, flow: str, what: str, **values: Any) -> None:
    """Changes what the ledger keeps of the documents of a flow."""
    statement = (
        f"UPDATE document SET {what} FROM exchange e WHERE e.id = exchange_id AND e.flow = :flow RETURNING document.id"
    )
    assert clerk.connector.rows(statement, flow=flow, **values)


def change_unheard(clerk: Clerk, order: dict[str, Any], **changes: Any) -> None:
    """Changes an order in the shop, and tells nobody."""
    url = f"{clerk.sandbox.shop_url}/_control/orders/{order['id']}"
    clerk.sandbox.post(url, {"deliver": "never", **changes})


def fewer(order: dict[str, Any], line: int, quantity: int) -> dict[str, Any]:
    """Returns a line of an order with another quantity at the same price."""
    held = order["line_items"][line]
    total = str((Decimal(held["total"]) / held["quantity"] * quantity).quantize(Decimal("0.01")))
    return {"id": held["id"], "quantity": quantity, "total": total, "subtotal": total}


def of_fact(rows: list[Row], fact: Fact) -> list[Row]:
    return [row for row in rows if row.fact is fact]


def test_a_batch_of_ours_that_overpays_is_no_change_in_the_shop(keeper: Bookkeeper) -> None:
    order = keeper.paid()
    keeper.leave_paid("999.00")
    rewrite(
        keeper,
        "settlements_to_m3",
        "plan = jsonb_set(plan, '{sheet,expected}', CAST(:sent AS jsonb))",
        sent=keeper.as_paid("999.00"),
    )

    rows = keeper.settlements()

    assert {row.reason for row in rows if row.what == "paid"} == {Reason.UNKNOWN}
    assert "is not what the buyer paid" in rows[0].words
    assert rows[0].shop == order["total"]


def test_a_batch_that_paid_an_order_changed_since_is_explained_while_the_change_waits(keeper: Bookkeeper) -> None:
    order = keeper.paid()
    change_unheard(keeper, order, line_items=[fewer(order, MUG, 1)])

    unheard = keeper.settlements()
    keeper.connector.ask(order["id"])
    keeper.go_on()
    heard = keeper.settlements()

    assert reasons_of(unheard) == {"unknown"}
    assert reasons_of(heard) == {"changed_in_shop"}
    assert "changed in the shop after it was posted" in heard[0].words


def test_a_payment_of_an_order_changed_since_is_explained_once_m3_has_the_change(payer: Clerk) -> None:
    order = payer.place()
    payer.go_on()
    change_unheard(payer, order, line_items=[fewer(order, MUG, 1)])

    unheard = payer.reconcile_money()
    payer.connector.ask(order["id"])
    payer.go_on()
    heard = payer.reconcile_money()

    assert reasons_of(unheard) == {"unknown"}
    assert (reasons_of(heard), {row.fact for row in heard}) == ({"changed_in_shop"}, {Fact.PAYMENT})
    assert "M3's order was brought to it" in heard[0].words


def test_a_payment_that_nobody_heard_of_is_not_explained_by_its_missing_account(connector: Connector) -> None:
    clerk = Clerk(connector, guests="common")
    connector.configure(paying(payments={"methods": {}}))
    clerk.place()
    clerk.go_on()
    clerk.empty_ledger()

    (row,) = of_fact(clerk.reconcile_money(), Fact.PAYMENT)

    assert row.reason is Reason.UNKNOWN
    assert "has not heard of it; it cannot be posted as it is" in row.words


def test_an_edit_in_m3_does_not_hide_a_change_that_nobody_heard_of(shared: Clerk) -> None:
    order = shared.place()
    shared.go_on()
    shared.price(order, "20.00")
    edited = shared.reconcile()

    change_unheard(shared, order, line_items=[fewer(order, OTHER_MUG, 4)])

    rows = shared.reconcile()
    assert reasons_of(edited) == {"edited_in_m3"}
    assert {"line MUG-001", "line MUG-002"} <= {row.what for row in rows}
    assert reasons_of(rows) == {"unknown"}


def test_an_order_smaller_by_more_than_refunds_took_off_is_not_explained(shared: Clerk) -> None:
    order = shared.place()
    shared.go_on()
    shared.give_back(order, MUG, 1)
    shared.go_on()
    shared.refund(order, "20.00")  # waits for the invoice
    shared.go_on()
    shared.price(order, "10.00")  # two mugs are left, and nobody gave 5.80 back
    (kept,) = shared.connector.rows("SELECT plan -> 'expected' AS expected FROM document WHERE kind = 'batch_order'")
    lines = [{**kept["expected"]["lines"][0], "amount": "20.00"}, *kept["expected"]["lines"][1:]]
    sent = {**kept["expected"], "total": shared.order_of(order)["total"], "vat_tolerance": "99", "lines": lines}
    rewrite(shared, "orders_to_m3", "plan = jsonb_set(plan, '{expected}', CAST(:sent AS jsonb))", sent=json.dumps(sent))

    rows = of_fact(shared.reconcile(), Fact.ORDER)

    assert reasons_of(rows) == {"unknown"}


def test_an_exchange_that_nothing_carries_is_not_in_flight_for_ever(shared: Clerk) -> None:
    order = shared.place()

    (due,) = shared.reconcile()
    shared.connector.pass_time(2 * HOUR_S)
    (lying,) = shared.reconcile()

    assert (due.shop_id, due.reason) == (order["id"], Reason.IN_FLIGHT)
    assert lying.reason is Reason.UNKNOWN
    assert "nothing carries it" in lying.words
    shared.connector.rows(f"UPDATE store SET paused_by = 'person' WHERE name = '{STORE}' RETURNING name")
    assert reasons_of(shared.reconcile()) == {"in_flight"}


def test_a_number_that_belongs_to_another_order_hides_no_lost_order(shared: Clerk) -> None:
    lost, other = shared.place(), shared.place()
    shared.go_on()
    shared.delete_in_m3(shared.number_of(lost))
    number = shared.number_of(other)
    rewrite(shared, "orders_to_m3", "final_number = :number", number=number)

    (row,) = shared.reconcile()

    assert (row.shop_id, row.what, row.m3, row.reason) == (lost["id"], WHOLE, None, Reason.UNKNOWN)
    assert shared.order_of(other)["yref"] in row.words


def test_what_is_said_to_be_entered_by_hand_has_to_be_in_m3(shared: Clerk) -> None:
    shared.sell_in_m3("MUG-002", is_sold=False)
    order = shared.place()
    shared.go_on()
    shared.discard(entered_as="0000099999")

    (row,) = shared.reconcile()

    assert (row.shop_id, row.reason) == (order["id"], Reason.UNKNOWN)
    assert "M3 has no order 0000099999" in row.words


@pytest.mark.parametrize("days_ago", [1, 10])
def test_an_order_that_m3_has_under_another_date_is_compared_all_the_same(shared: Clerk, days_ago: int) -> None:
    order = shared.place(lines=[{"sku": "MUG-001", "quantity": 4}])
    shared.go_on()
    reference, number = shared.order_of(order)["yref"], shared.number_of(order)
    moved = shared.type_in(order, reference=reference, days_ago=days_ago)
    shared.delete_in_m3(number)
    rewrite(shared, "orders_to_m3", "final_number = :number", number=moved)

    rows = {row.what: row for row in shared.reconcile(days_back=0)}

    assert rows["line MUG-001"].m3_number == moved
    assert (rows["line MUG-001"].shop, rows["line MUG-001"].m3) == ("4 for 51.60", "1 for 10.00")
    assert rows["date"].m3 == str(shared.today() - timedelta(days=days_ago))
    assert rows["date"].reason is Reason.EDITED_IN_M3


def test_a_date_that_was_sent_so_is_not_edited_in_m3(shared: Clerk) -> None:
    order = shared.place()
    shared.go_on()
    reference, number = shared.order_of(order)["yref"], shared.number_of(order)
    moved = shared.type_in(order, reference=reference, days_ago=1)
    shared.delete_in_m3(number)
    rewrite(shared, "orders_to_m3", "final_number = :number, ordt = ordt - 1", number=moved)

    rows = {row.what: row for row in shared.reconcile()}

    assert rows["date"].reason is Reason.UNKNOWN


def test_an_order_of_the_day_before_is_found_though_the_ledger_is_empty(shared: Clerk) -> None:
    order = shared.place()
    shared.go_on()
    shared.type_in(order, reference=shared.order_of(order)["yref"], days_ago=1)
    shared.empty_ledger()

    (row,) = shared.reconcile(days_back=0)

    assert "more than once" in row.words


def test_another_item_of_the_same_price_is_not_what_was_ordered(shared: Clerk) -> None:
    shared.place()
    shared.go_on()
    shared.connector.rows("UPDATE item SET item_number = 'MUG-002' WHERE sku = 'MUG-001' RETURNING sku")
    order = shared.place(lines=[{"sku": "MUG-001", "quantity": 1}])
    shared.go_on()

    rows = shared.reconcile()

    assert [(row.shop_id, row.what, row.shop, row.m3) for row in rows] == [
        (order["id"], "item of MUG-001", "MUG-001", "MUG-002")
    ]
    assert reasons_of(rows) == {"unknown"}


def test_an_item_that_a_person_mapped_the_sku_to_is_what_was_ordered(shared: Clerk) -> None:
    with transaction(shared.connector.engine) as connection:
        map_item(connection, STORE, sku="MUG-001", item_number="MUG-002")
    shared.place(lines=[{"sku": "MUG-001", "quantity": 1}])
    shared.go_on()

    assert shared.reconcile() == []
    assert shared.totals.facts[Fact.ORDER] == 1
