"""Tax mode T: the shop's tax stands on charges of each line, and follows what the shop says, to the cent."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.integration.flows.order_changes.desk import Desk
from tests.integration.flows.order_changes.people import tell_m3
from tests.integration.flows.story import Story, tax_sent


@pytest.fixture
def desk(common: Story) -> Desk:
    common.connector.configure(tax_sent())
    return Desk(common)


def line_taxes(desk: Desk) -> Decimal:
    return sum((Decimal(one["amount"]) for line in desk.held["lines"] for one in line["charges"]), Decimal(0))


def shop_taxes(desk: Desk) -> Decimal:
    return sum((Decimal(line["total_tax"]) for line in desk.order["line_items"]), Decimal(0))


def test_changed_quantity_changes_the_tax_of_its_line(desk: Desk) -> None:
    desk.set_quantity("MUG-001", 7)

    assert desk.shop_and_m3_differ() == []
    assert line_taxes(desk) == shop_taxes(desk)


def test_new_line_gets_its_tax_and_a_removed_one_takes_it_along(desk: Desk) -> None:
    desk.change(line_items=[{"sku": "PAN-28", "quantity": 2}])
    assert desk.shop_and_m3_differ() == []

    desk.set_quantity("MUG-002", 0)

    assert desk.shop_and_m3_differ() == []
    assert line_taxes(desk) == shop_taxes(desk)


def test_order_cancelled_and_paid_after_all_has_its_taxes_again(desk: Desk) -> None:
    desk.change(status="cancelled")
    assert desk.is_closed() == []

    desk.change(status="processing")

    assert desk.shop_and_m3_differ() == []


def test_tax_a_person_changed_in_m3_is_shown_and_not_overwritten(desk: Desk) -> None:
    tell_m3(desk, "OIS100MI", "UpdLineCharge", ORNO=desk.held["orno"], PONR="1", POSX="0", CRID="TAX25", CRAM="1.00")

    desk.set_quantity("MUG-002", 4)

    exchange = desk.story.exchange()
    assert exchange["state"] == "dead_letter"
    assert "in M3" in exchange["reason"]
    assert [line["quantity"] for line in desk.held["lines"]] == ["3", "1"]


@pytest.mark.parametrize("name", ["UpdLineCharge", "AddLineCharge"])
@pytest.mark.parametrize("fault", ["drop_after_commit", "drop_before_commit", "lock"])
def test_tax_whose_answer_goes_wrong_once_is_there_once(desk: Desk, name: str, fault: str) -> None:
    desk.story.m3_fault(f"OIS100MI/{name}", fault)

    desk.change(**desk.quantity_of("MUG-001", 5))
    desk.change(line_items=[{"sku": "PAN-28", "quantity": 2}])

    assert desk.shop_and_m3_differ() == []
