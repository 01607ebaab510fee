"""Whatever is changed, delivered in parts, ended short and given back, in any order: M3 credits no more than it invoiced, and right
refunds go through.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from tests.integration.flows.money.test_any_life import ZERO, Life, carts, few
from tests.integration.flows.money.till import Till

ROUNDED = Decimal("0.05")
"""How far roundings may bring refunds and an invoice apart: the rounding limit of the store file."""
ACTS = ("quantity", "add", "remove", "leaves", "leaves", "rest ended", "all leaves", "give back", "give back", "amount")
acts = st.lists(
    st.tuples(st.sampled_from((*ACTS, "shipping back")), st.integers(0, 9), st.integers(1, 4)), min_size=1, max_size=7
)


@dataclass
class Parcels(Life):
    """One order that M3 delivers and invoices piece by piece, while the shop goes on changing and refunding it."""

    right: list[int] = field(default_factory=list)

    def act(self, what: str, place: int, number: int) -> None:
        """Does one thing in the shop or in M3's warehouse; what makes no sense at the moment is left out."""
        if what == "remove":
            self._remove(place)
        elif what in ("leaves", "rest ended", "all leaves"):
            self._move(what, place, number)
        else:
            known = {one["id"] for one in self.refunds}
            is_right = what == "give back" and self._is_right(place)
            super().act(what, place, number)
            self.right += [one["id"] for one in self.refunds if one["id"] not in known and is_right]

    def in_m3(self) -> dict[str, Any]:
        """Returns the order as M3 holds it."""
        (sale,) = self.till.sales_of(self.order)
        return sale

    def pieces(self, sku: str) -> tuple[Decimal, Decimal]:
        """Returns how many pieces of an item M3 has invoiced and taken back."""
        invoiced = (Decimal(line["invoiced"]) for line in self.in_m3()["lines"] if line["itno"] == sku)
        back = (
            Decimal(line["quantity"]) for one in self.till.returns() for line in one["lines"] if line["itno"] == sku
        )
        return sum(invoiced, ZERO), -sum(back, ZERO)

    def _is_right(self, place: int) -> bool:
        """Tells whether what is given back next is of a row of which M3 has invoiced all that the shop has sold and kept."""
        line = self.order["line_items"][place % len(self.order["line_items"])]
        lines = [one for one in self.in_m3()["lines"] if one["itno"] == line["sku"]]
        is_one = [one["sku"] for one in self.order["line_items"]].count(line["sku"]) == 1
        if not is_one or not lines or any(one["stat"] != "77" for one in lines):
            return False
        given = [row for one in self.refunds for row in one["line_items"] if row["sku"] == line["sku"]]
        invoiced, returned = self.pieces(line["sku"])
        return invoiced - returned >= line["quantity"] + sum(row["quantity"] for row in given)

    def _remove(self, place: int) -> None:
        lines = self.order["line_items"]
        if len(lines) > 1 and not self.refunds:
            self._change(line_items=[{"id": lines[place % len(lines)]["id"], "quantity": 0}])

    def _move(self, what: str, place: int, number: int) -> None:
        sale = self.in_m3()
        url = f"{self.till.sandbox.m3_url}/_control/orders/{sale['orno']}"
        lines = [one for one in sale["lines"] if one["stat"] != "77"]
        begun = [one["ponr"] for one in lines if Decimal(one["delivered"])]
        if what == "all leaves" and lines:
            self.till.sandbox.post(f"{url}/advance", {"to": "77"})
        elif what == "leaves" and lines:
            line = lines[place % len(lines)]
            pieces = min(Decimal(number), Decimal(line["quantity"]) - Decimal(line["delivered"]))
            self.till.sandbox.post(
                f"{url}/advance", {"to": "77", "lines": [{"ponr": line["ponr"], "quantity": str(pieces)}]}
            )
        elif what == "rest ended" and begun:
            self.till.sandbox.post(f"{url}/close", {"lines": [begun[place % len(begun)]]})
        self.till.connector.pass_time(901)


SHORT = [("leaves", 0, 2), ("rest ended", 0, 1), ("all leaves", 0, 1)]
"""Two of three mugs are invoiced, the third is never delivered, and the other one is on an invoice of its own."""
CART = {"goods": {"MUG-001": 3, "MUG-002": 1}}


@few
@example(cart=CART, told=[*SHORT, ("give back", 1, 1)])
@example(cart=CART, told=[*SHORT, ("give back", 0, 3)])
@example(cart=CART, told=[*SHORT, ("amount", 0, 20)])
@given(cart=carts, told=acts)
def test_no_more_is_credited_than_invoices_came_to_and_no_right_refund_is_held(
    till: Till, cart: dict[str, Any], told: list[Any]
) -> None:
    till.begin_anew()
    life = Parcels(till, "EUR", till.sell(currency="EUR", **cart))
    till.go_on()

    for what in (*told, ("all leaves", 0, 1)):
        life.act(*what)
        till.go_on()

    book, held_up = till.sandbox.m3_book(), till.unsettled()
    invoiced = [Decimal(one["total"]) for one in book["order_invoices"] if one["orno"] == life.in_m3()["orno"]]
    credited = -sum((Decimal(one["total"]) for one in till.returns()), ZERO)
    assert credited <= sum(invoiced, ZERO) + ROUNDED * len(invoiced)
    for sku in {line["sku"] for line in life.order["line_items"]}:
        sold, back = life.pieces(sku)
        assert back <= sold
    wrongly_held = {one: why for one, why in held_up.items() if one.split("-")[-1] in map(str, life.right)}
    assert wrongly_held == {}
    states = till.connector.rows("SELECT state FROM exchange WHERE flow = 'refunds_to_m3'")
    assert {one["state"] for one in states} <= {"done", "dead_letter"}, held_up
