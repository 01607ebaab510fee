"""Orders of the shop against M3's: what differs is found from both systems alone, and the ledger says why."""

from __future__ import annotations

from decimal import Decimal

import pytest

from connector.flows.reconciling.result import WHOLE, Reason
from tests.integration.flows.reconciling.clerk import Clerk, reasons_of, without_why

KINDS = ("guest", "registered", "fee", "coupon", "sixty_lines")


def test_orders_that_m3_holds_as_the_shop_states_them_are_equal(clerk: Clerk) -> None:
    orders = [clerk.place() for _ in range(3)]
    clerk.go_on()

    rows = clerk.reconcile()

    total = sum(Decimal(order["total"]) for order in orders)
    (day,) = clerk.totals.days.values()
    assert rows == []
    assert (day.shop_count, day.shop, day.m3_count, day.m3) == (3, total, 3, total)
    assert (clerk.totals.facts.total(), clerk.totals.is_explained) == (3, True)


def test_a_line_edited_in_m3_is_shown_with_what_it_changes(clerk: Clerk) -> None:
    clerk.place()
    order = clerk.place()
    clerk.go_on()
    clerk.price(order, "20.00")

    rows = clerk.reconcile()

    assert {row.shop_id for row in rows} == {order["id"]}
    assert {row.what for row in rows} == {"line MUG-001", "tax", "total"}
    assert reasons_of(rows) == {"edited_in_m3"}
    line = next(row for row in rows if row.what == "line MUG-001")
    assert (line.shop, line.m3, line.m3_number) == ("3 for 38.70", "3 for 60.00", clerk.number_of(order))
    assert clerk.totals.is_explained


def test_a_cent_off_is_no_rounding(clerk: Clerk) -> None:
    order = clerk.place(lines=[{"sku": "MUG-001", "quantity": 1}])
    clerk.go_on()
    clerk.price(order, "12.91")

    rows = clerk.reconcile()

    line = next(row for row in rows if row.what == "line MUG-001")
    assert (line.shop, line.m3) == ("1 for 12.90", "1 for 12.91")
    assert "total" in {row.what for row in rows}
    assert Reason.ROUNDING not in {row.reason for row in rows if row.what == "total"}


def test_what_rounding_makes_is_told_from_everything_else(clerk: Clerk) -> None:
    order = clerk.place()  # three mugs of 12.90 and one of 9.99 at 25 %: the shop rounds line by line, M3 once
    clerk.go_on()

    rows = {row.what: row for row in clerk.reconcile(with_rounding=True)}

    assert set(rows) == {"tax", "rounding"}
    assert {row.reason for row in rows.values()} == {Reason.ROUNDING}
    apart = Decimal(rows["tax"].shop or 0) - Decimal(rows["tax"].m3 or 0)
    assert (apart, rows["tax"].shop) == (Decimal(rows["rounding"].m3 or 0), order["total_tax"])


def test_an_order_deleted_in_m3_is_missed(clerk: Clerk) -> None:
    clerk.place()
    order = clerk.place()
    clerk.go_on()
    number = clerk.number_of(order)
    clerk.delete_in_m3(number)

    (row,) = clerk.reconcile()

    assert (row.shop_id, row.what, row.shop, row.m3) == (order["id"], WHOLE, order["total"], None)
    assert row.reason is Reason.DELETED_IN_M3
    assert number in row.words
    assert not clerk.totals.is_explained


def test_an_order_of_m3_that_the_shop_does_not_have_is_found(clerk: Clerk) -> None:
    order = clerk.place()
    clerk.go_on()
    number = clerk.type_in(order, reference="w1-987654-1795311984")

    (row,) = clerk.reconcile()

    assert (row.shop_id, row.m3_number, row.what, row.shop, row.m3) == (987654, number, WHOLE, None, "12.50")
    assert (row.reason, row.words) == (Reason.UNKNOWN, "the shop has no order 987654")


def test_an_order_typed_in_without_our_reference_is_found_by_its_type(shared: Clerk) -> None:
    order = shared.place()
    shared.go_on()
    number = shared.type_in(order, reference="Mrs Novak rang")

    (row,) = shared.reconcile()

    assert (row.m3_number, row.reason) == (number, Reason.UNKNOWN)


def test_orders_of_another_store_are_left_alone(shared: Clerk) -> None:
    order = shared.place()
    shared.go_on()
    shared.type_in(order, reference="w2-1001-1795311984")

    assert shared.reconcile() == []


def test_a_doubled_order_is_found(clerk: Clerk) -> None:
    order = clerk.place()
    clerk.go_on()
    first = clerk.order_of(order)
    second = clerk.type_in(order, reference=first["yref"])

    (row,) = clerk.reconcile()

    assert (row.shop_id, row.what, row.reason) == (order["id"], WHOLE, Reason.UNKNOWN)
    assert row.m3_number == f"{first['orno']}, {second}"
    assert "more than once" in row.words


def test_orders_on_their_way_refused_and_unheard_are_told_apart(clerk: Clerk) -> None:
    clerk.place()
    refused = clerk.place(lines=[{"sku": "BOOK-5", "quantity": 1}])
    clerk.go_on()
    under_way = clerk.place()
    unheard = clerk.sandbox.place(kind="guest", status="processing")

    rows = {row.shop_id: row for row in clerk.reconcile()}

    assert rows[refused["id"]].reason is Reason.REFUSED
    assert rows[under_way["id"]].reason is Reason.IN_FLIGHT
    assert rows[unheard["id"]].reason is Reason.UNKNOWN
    assert clerk.totals.unexplained == 1


def test_an_order_cancelled_in_the_shop_and_open_in_m3_is_shown(clerk: Clerk) -> None:
    order = clerk.place()
    clerk.go_on()
    url = f"{clerk.sandbox.shop_url}/_control/orders/{order['id']}"
    clerk.sandbox.post(url, {"deliver": "never", "status": "cancelled"})

    (row,) = clerk.reconcile()

    assert (row.shop, row.m3, row.reason) == ("cancelled", order["total"], Reason.UNKNOWN)


def test_a_cancelled_order_that_m3_ended_is_no_difference(clerk: Clerk) -> None:
    order = clerk.place()
    clerk.go_on()
    clerk.change(order, status="cancelled")
    clerk.go_on()

    assert clerk.reconcile() == []


def test_orders_that_the_store_carries_in_no_status_are_left_alone(clerk: Clerk) -> None:
    clerk.place(status="pending")
    clerk.place(status="on-hold")
    clerk.go_on()

    assert clerk.reconcile() == []
    assert clerk.totals.facts.total() == 0


def test_an_emptied_ledger_changes_no_finding(clerk: Clerk) -> None:
    edited, deleted, doubled = (clerk.place() for _ in range(3))
    clerk.go_on()
    clerk.price(edited, "12.91")
    clerk.delete_in_m3(clerk.number_of(deleted))
    clerk.type_in(edited, reference="w1-987654-1795311984")
    clerk.type_in(edited, reference=clerk.order_of(doubled)["yref"])
    before = clerk.reconcile()

    clerk.empty_ledger()
    after = clerk.reconcile()

    assert without_why(after) == without_why(before)
    assert len({row.shop_id for row in before}) == 4
    assert reasons_of(before) == {"edited_in_m3", "deleted_in_m3", "unknown"}
    assert reasons_of(after) == {"unknown"}


@pytest.mark.parametrize("count", [30])
def test_m3_is_asked_in_bulk(shared: Clerk, count: int) -> None:
    for _ in range(count):
        shared.place()
    shared.go_on()
    before = shared.sandbox.m3_book()["http_calls"]

    shared.reconcile()

    # customers by number and by key, orders by date, currency, and two requests for value, lines, charges
    assert shared.sandbox.m3_book()["http_calls"] - before <= 7
    assert shared.totals.facts.total() == count


def test_an_order_that_a_person_entered_by_hand_and_discarded_is_explained_on_both_sides(shared: Clerk) -> None:
    like = shared.place()
    shared.go_on()
    shared.sell_in_m3("MUG-002", is_sold=False)
    shared.connector.forget()
    order = shared.place()
    shared.go_on()
    number = shared.type_in(like, reference="by hand")
    shared.discard()

    unsaid = {row.shop_id: row for row in shared.reconcile()}
    shared.discard(entered_as=number)
    said = {row.shop_id: row for row in shared.reconcile()}

    assert [unsaid[one].reason for one in (order["id"], None)] == [Reason.SETTLED, Reason.UNKNOWN]
    assert "--entered-as" in unsaid[None].remedy
    assert {row.reason for row in said.values()} == {Reason.SETTLED}
    assert all(f"in M3 as {number}: entered by hand" in row.words for row in said.values())
    assert all("Discarded by ana on 20" in row.words for row in said.values())
    assert shared.totals.is_explained


def test_an_order_that_was_discarded_and_differs_since_waits_for_a_person(shared: Clerk) -> None:
    shared.sell_in_m3("MUG-002", is_sold=False)
    order = shared.place()
    shared.go_on()
    shared.discard()
    shared.change(order, customer_note="Ring twice")
    shared.go_on()

    (row,) = shared.reconcile()

    assert (row.shop_id, row.reason) == (order["id"], Reason.WAITING)
    assert "Discarded by ana" in row.words


def rename(clerk: Clerk, **skus: str) -> None:
    """Gives products of the shop other SKUs; its old orders show these, too."""
    ids = {one["sku"]: one["id"] for one in clerk.sandbox.shop_book()["products"]}
    for old, new in skus.items():
        url = f"{clerk.sandbox.shop_url}/_control/products"
        clerk.sandbox.post(url, {"id": ids[old.replace("_", "-")], "sku": new})


def test_a_product_renamed_to_what_is_another_item_in_m3_is_equal_on_orders_sent_before(shared: Clerk) -> None:
    order = shared.place(lines=[{"sku": "MUG-001", "quantity": 3}])
    shared.go_on()
    rename(shared, MUG_002="OLD-2")
    rename(shared, MUG_001="MUG-002")

    assert (shared.reconcile(), shared.totals.is_explained) == ([], True)
    shared.empty_ledger()
    (row,) = shared.reconcile()
    assert (row.shop_id, row.what, row.reason) == (order["id"], "item of MUG-002", Reason.UNKNOWN)


def test_products_that_swapped_their_skus_are_equal_on_orders_sent_before(shared: Clerk) -> None:
    shared.place()
    shared.go_on()
    rename(shared, MUG_001="SWAP-1")
    rename(shared, MUG_002="MUG-001")
    rename(shared, SWAP_1="MUG-002")

    assert (shared.reconcile(), shared.totals.is_explained) == ([], True)
    shared.empty_ledger()
    assert reasons_of(shared.reconcile()) == {"unknown"}
