"""The store file names charges otherwise since an order was posted: it keeps its names, what comes new bears the present ones."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from connector.flows.reconciling.result import Reason
from tests.harness import Connector
from tests.integration.flows.reconciling.clerk import Clerk, reasons_of
from tests.integration.flows.refunds.desk import MUG, OTHER_MUG
from tests.integration.flows.story import quick_store, tax_sent

RENAMED = {"SHP25": "SHN25", "FEE25": "FEN25", "RND00": "RNN00"}


@pytest.fixture
def clerk(connector: Connector) -> Clerk:
    return Clerk(connector, guests="common")


def rename(clerk: Clerk, content: str, names: dict[str, str]) -> None:
    """Makes the charges anew in M3 under other names, and tells the store file these."""
    for former, name in names.items():
        clerk.sandbox.post(f"{clerk.sandbox.m3_url}/_control/charges", {"crid": name, "like": former})
        assert f"id: {former}}}" in content
        content = content.replace(f"id: {former}}}", f"id: {name}}}")
    clerk.connector.configure(content)


def renamed(clerk: Clerk) -> None:
    rename(clerk, quick_store(guests="common"), RENAMED)


def charges(clerk: Clerk, order: dict[str, Any]) -> dict[str, str]:
    return {one["crid"]: one["amount"] for one in clerk.order_of(order)["charges"]}


def charge_writes(clerk: Clerk) -> dict[str, int]:
    calls = clerk.sandbox.m3_book()["calls"]
    return {
        name: count for name, count in calls.items() if "ConnCOCharge" in name and not name.endswith("LstConnCOCharge")
    }


def is_equal(clerk: Clerk) -> bool:
    """Everything is done, and both books are the same but for rounding."""
    rest = clerk.connector.rows("SELECT flow, reason FROM exchange WHERE state <> 'done'")
    return (rest, clerk.reconcile(), clerk.totals.is_explained) == ([], [], True)


def test_an_order_is_equal_by_the_names_it_was_posted_with(clerk: Clerk) -> None:
    order = clerk.place(fees=[{"name": "Gift wrap", "total": "4.00"}])
    clerk.go_on()
    assert set(charges(clerk, order)) >= {"SHP25", "FEE25"}

    renamed(clerk)

    assert is_equal(clerk)
    clerk.empty_ledger()
    assert reasons_of(clerk.reconcile()) == {Reason.UNKNOWN.value}, "nothing but the ledger knows the former names"


def test_a_new_order_has_the_present_names(clerk: Clerk) -> None:
    renamed(clerk)
    order = clerk.place()
    clerk.go_on()

    assert charges(clerk, order) == {"SHN25": "5.00", "RNN00": "0.01"}
    assert is_equal(clerk)


def test_a_change_of_an_older_order_keeps_its_names_and_writes_nothing_else_of_them(clerk: Clerk) -> None:
    order = clerk.place()
    clerk.go_on()
    renamed(clerk)
    line = order["line_items"][MUG]
    clerk.change(order, line_items=[{"id": line["id"], "quantity": 6, "total": "77.40", "subtotal": "77.40"}])
    clerk.go_on()

    assert charges(clerk, order).keys() <= {"SHP25", "RND00"}
    assert not any("Add" in name for name in charge_writes(clerk))
    assert is_equal(clerk)


def test_what_an_older_order_gets_new_bears_the_present_name(clerk: Clerk) -> None:
    order = clerk.place()
    clerk.go_on()
    renamed(clerk)
    clerk.change(order, fee_lines=[{"name": "Gift wrap", "total": "4.00"}])
    clerk.go_on()
    assert charges(clerk, order) == {"SHP25": "5.00", "RND00": "0.01", "FEN25": "4.00"}
    assert is_equal(clerk)

    clerk.connector.configure(quick_store(guests="common"))

    assert is_equal(clerk), "the fee is known by the name it was added with"


def test_an_order_that_was_ended_and_begins_anew_has_the_present_names(clerk: Clerk) -> None:
    order = clerk.place()
    clerk.go_on()
    renamed(clerk)
    clerk.change(order, status="cancelled")
    clerk.go_on()
    assert charges(clerk, order) == {}

    clerk.change(order, status="processing")
    clerk.go_on()

    assert charges(clerk, order) == {"SHN25": "5.00", "RNN00": "0.01"}
    assert is_equal(clerk)


def test_a_rounding_that_stays_while_m3_picks_is_known_by_its_former_name(clerk: Clerk) -> None:
    order = clerk.place()
    clerk.go_on()
    clerk.advance(order, "66", {"ponr": MUG + 1})
    renamed(clerk)

    clerk.change(order, line_items=[{"id": order["line_items"][OTHER_MUG]["id"], "quantity": 0}])
    clerk.go_on()

    assert charges(clerk, order) == {"SHP25": "5.00", "RND00": "0.01"}
    assert is_equal(clerk)
    clerk.change(order, customer_note="Ring twice")
    clerk.go_on()
    assert is_equal(clerk), "the name of what stayed is kept with the change, too"


def test_a_refund_before_picking_lowers_the_charge_under_its_former_name(clerk: Clerk) -> None:
    order = clerk.place()
    clerk.go_on()
    renamed(clerk)
    shipping = order["shipping_lines"][0]
    clerk.refund(
        order,
        "2.50",
        line_items=[
            {"id": shipping["id"], "refund_total": "2.00", "refund_tax": [{"id": "1", "refund_total": "0.50"}]}
        ],
    )
    clerk.go_on()

    assert charges(clerk, order)["SHP25"] == "3.00"
    assert reasons_of(clerk.reconcile()) <= {Reason.TAKEN_OFF.value} and clerk.totals.is_explained


def test_an_id_that_stands_for_something_else_since_keeps_its_meaning_on_older_orders(clerk: Clerk) -> None:
    clerk.place()
    clerk.go_on()
    content = quick_store(guests="common").replace("id: FEE25}", "id: OLD25}").replace("id: SHP25}", "id: SHN25}")
    clerk.sandbox.post(f"{clerk.sandbox.m3_url}/_control/charges", {"crid": "SHN25", "like": "SHP25"})
    clerk.connector.configure(content.replace("id: FEE00}", "id: SHP25}").replace("id: OLD25}", "id: FEE25}"))

    assert is_equal(clerk)


def test_tax_of_lines_is_followed_under_the_name_it_was_sent_by(clerk: Clerk) -> None:
    clerk.connector.configure(tax_sent())
    order = clerk.place()
    clerk.go_on()
    rename(clerk, tax_sent(), {"TAX25": "TXN25"})
    line = order["line_items"][MUG]
    order = clerk.change(order, line_items=[{"id": line["id"], "quantity": 6, "total": "77.40", "subtotal": "77.40"}])
    clerk.go_on()

    held = [one for line in clerk.order_of(order)["lines"] for one in line["charges"]]
    assert {one["crid"] for one in held} == {"TAX25"}
    due = sum((Decimal(one["total_tax"]) for one in order["line_items"]), Decimal(0))
    assert sum((Decimal(one["amount"]) for one in held), Decimal(0)) == due
    assert is_equal(clerk)
