"""Refunds that together give back just what a row was sold for, whatever the shop's roundings: M3 gets all of them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.integration.flows.money.till import Till, tax_in_m3


def row_of(till: Till, sku: str, pieces: int, total: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Sells one row for so much, with shipping; returns the order and the row."""
    order = till.sell(currency="EUR", goods={sku: pieces}, shipping_total="7.00")
    row = {"id": order["line_items"][0]["id"], "quantity": pieces, "total": total, "subtotal": total}
    order = till.change(order, line_items=[row])
    till.go_on()
    return order, order["line_items"][0]


def give_back(till: Till, order: dict[str, Any], row: dict[str, Any], part: tuple[int, str, str]) -> None:
    """Refunds pieces of a row with a net and a tax; the shop is sent their sum, in cents."""
    pieces, net, tax = part
    taxes = [{"id": row["taxes"][0]["id"], "refund_total": tax}]
    sent = {"id": row["id"], "quantity": pieces, "refund_total": net, "refund_tax": taxes}
    till.give_back(order, line_items=[sent], amount=str(round(Decimal(net) + Decimal(tax), 2)))
    till.go_on()


@pytest.mark.parametrize("is_invoiced", [False, True])
@pytest.mark.parametrize(
    ("sku", "total", "parts"),
    [
        ("SKU-0010", "29.11", [(1, "5.82", "0.29"), (4, "23.29", "1.17")]),  # 5 %: 1.17 is the tax of 23.40
        ("MUG-001", "215.27", [(3, "107.635", "26.9088"), (3, "107.635", "26.9088")]),  # the shop shows 107.64 twice
        ("MUG-001", "100.00", [(1, "33.33", "8.33")] * 3),  # a cent of the row is left
    ],
)
def test_parts_of_a_row_that_are_all_of_it_are_carried(
    till: Till, sku: str, total: str, parts: list[tuple[int, str, str]], is_invoiced: bool
) -> None:
    till.begin_anew()
    order, row = row_of(till, sku, sum(pieces for pieces, _, _ in parts), total)
    if is_invoiced:
        till.invoice(order)
    else:
        order = till.change(order, line_items=[{"sku": "MUG-002", "quantity": 1, "total": "9.99", "subtotal": "9.99"}])
        till.go_on()

    for part in parts:
        give_back(till, order, row, part)

    assert till.unsettled() == {}
    given = sum((Decimal(one["amount"]) for one in till.refunds_of(order)), Decimal(0))
    (sale,) = till.sales_of(order)
    credited = sum((Decimal(one["total"]) for one in till.returns()), Decimal(0))
    assert Decimal(sale["total"]) + credited == Decimal(order["total"]) - given
    assert (credited == -given) if is_invoiced else not credited


def test_all_rows_come_back_with_a_reduction_that_is_taxed_at_several_rates(till: Till) -> None:
    till.begin_anew()
    fee = {"name": "Loyalty", "total": "-3.70", "tax_status": "taxable"}
    order = till.sell(currency="EUR", goods={"MUG-001": 3, "SKU-0010": 2}, fees=[fee], shipping_total="0")
    till.go_on()
    till.invoice(order)
    rows = [*order["line_items"], *order["shipping_lines"], *order["fee_lines"]]

    till.give_back(order, line_items=[all_of(row) for row in rows], amount=order["total"])
    till.go_on()

    assert [tax["total"] for tax in order["fee_lines"][0]["taxes"]] == ["-0.799051", "-0.02519"]  # 0.03 at 5 % is 0.60
    assert till.unsettled() == {}
    (sale,), (back,) = till.sales_of(order), till.returns()
    assert Decimal(sale["total"]) + Decimal(back["total"]) == 0
    assert all(abs(tax) <= Decimal("0.01") for tax in tax_in_m3([sale, back]).values())


def all_of(row: dict[str, Any]) -> dict[str, Any]:
    """Returns what the shop is sent to give back a row, its taxes rounded as its screen shows them."""
    taxes = [
        {"id": tax["id"], "refund_total": str(round(Decimal(tax["total"]), 2))} for tax in row["taxes"] if tax["total"]
    ]
    return {"id": row["id"], "quantity": row.get("quantity", 0), "refund_total": row["total"], "refund_tax": taxes}
