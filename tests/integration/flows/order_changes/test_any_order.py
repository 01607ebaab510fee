"""Edits in any order end in the same books as the final state: an order edited step by step is worth what the shop says."""

from __future__ import annotations

import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.integration.flows.order_changes.desk import Desk
from tests.integration.flows.story import Story, quick_store, tax_sent

EDITS = ("one mug", "five mugs", "no second", "a pan", "a fee", "note", "cancelled", "processing")
EXAMPLES = int(os.environ.get("EDIT_EXAMPLES", "4"))


def edit(desk: Desk, what: str) -> None:
    """Does one thing to the order in the shop; one that makes no sense now is left out."""
    skus = {line["sku"] for line in desk.order["line_items"]}
    if what in ("cancelled", "processing"):
        desk.change(status=what)
    elif what == "note":
        desk.change(customer_note=f"{len(desk.order['customer_note'])} at the door")
    elif what == "a fee":
        desk.change(fee_lines=[{"name": "Gift wrap", "total": "4.00"}])
    elif what == "a pan":
        desk.change(line_items=[{"sku": "PAN-28", "quantity": 2}])
    elif what == "no second" and "MUG-002" in skus:
        desk.set_quantity("MUG-002", 0)
    elif what in ("one mug", "five mugs"):
        desk.set_quantity("MUG-001", 1 if what == "one mug" else 5)


@pytest.mark.parametrize(("currency", "is_tax_sent"), [("EUR", False), ("USD", False), ("EUR", True)])
@settings(
    max_examples=EXAMPLES,
)
@given(edits=st.lists(st.sampled_from(EDITS), min_size=2, max_size=5))
def test_edits_in_any_order_end_as_the_shop_has_the_order(
    common: Story, currency: str, is_tax_sent: bool, edits: list[str]
) -> None:
    common.start_anew()
    common.connector.forget()
    common.connector.configure(tax_sent() if is_tax_sent else quick_store(guests="common"))
    desk = Desk(common, currency=currency)

    for what in edits:
        if not (is_tax_sent and what == "a fee"):  # the store has no charge for the tax of fees
            edit(desk, what)

    assert (desk.is_closed() if desk.order["status"] == "cancelled" else desk.shop_and_m3_differ()) == []
