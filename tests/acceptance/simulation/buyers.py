"""What buyers and the shop's administration do with orders. Rules of machine.py."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from sandbox.shop.entities import Order
from tests.acceptance.simulation.days import SOME, step
from tests.acceptance.simulation.deliveries import Deliveries
from tests.acceptance.simulation.invoices_history import FEE
from tests.acceptance.simulation.world import SHOP
from tests.integration.flows.books.counting_house import meta

KINDS = (
    *("guest", "registered", "on_hold", "pending", "variations", "two_tax_rates", "coupon_percent", "coupon_fixed"),
    *("fee_positive", "fee_negative", "usd", "cod", "completed", "cancelled", "zero_line", "same_sku_two_lines"),
    *("long_address", "emoji_note", "checkout_draft", "unknown_sku", "guest", "registered", "guest"),
)
POISON = ("unknown_sku",)
CHARGED = ("guest", "usd", "two_tax_rates", "completed", "on_hold")
"""Kinds of orders on which the gateway's fee is written, where payments are carried; that of no card counts for nothing."""
CHANGES = (
    *("one more of its first thing", "a mug more", "without its first thing", "processing", "cancelled", "completed"),
    *("on-hold", "failed", "refunded", "trash", "restore", "delete"),
)


class Buyers(Deliveries):
    """The rules about orders."""

    @rule(kind=st.sampled_from(KINDS), arrives=st.booleans())
    @step
    def place(self, kind: str, arrives: bool) -> None:
        """A buyer places an order; its deliveries arrive at once, or wait to be sent."""
        kind = "guest" if kind == "registered" and self.world.sort.follows_accounts else kind
        fee = _fee_of(kind) if self.world.sort.pays_orders else {}
        shown = self.world.control(SHOP, "orders", kind=kind, deliver="now", **fee)
        if kind in POISON:
            self.history.poison.add(shown["id"])
        self._note(shown["id"])
        self.tell(f"A buyer places order {shown['id']} ({kind}): {shown['status']}, {shown['total']}.")
        if arrives:
            self.deliver_all()

    @precondition(lambda self: not self.world.sort.shows_goods)
    @rule(kinds=st.lists(st.sampled_from(KINDS), min_size=2, max_size=2))
    @step
    def place_several(self, kinds: list[str]) -> None:
        """Buyers place orders, and their deliveries arrive."""
        for kind in kinds:
            self.place(kind=kind, arrives=False)
        self.deliver_all()

    @precondition(lambda self: self._orders())
    @rule(which=SOME, how=st.sampled_from(CHANGES), arrives=st.booleans())
    @step
    def change(self, which: int, how: str, arrives: bool) -> None:
        """An order is paid, edited, cancelled, completed, trashed or so; its deliveries arrive at once, or wait."""
        order = self._order(which)
        body = _asked_for(order, how)
        if body is None:
            return
        before = order.status
        self.world.control(SHOP, f"orders/{order.id}", deliver="now", **body)
        self.history.changes[order.id] += 1
        if how == "delete":
            self.history.deleted.add(order.id)
        if how in ("processing", "restore") and order.id in self.history.delivered:
            self.history.put_back.add(order.id)
        self._note(order.id)
        self.tell(f"Order {order.id} ({before}): {how}.")
        if arrives:
            self.deliver_all()

    def _orders(self) -> list[Order]:
        return list(self.world.shop.orders.values())

    def _order(self, which: int) -> Order:
        orders = self._orders()
        return orders[which % len(orders)]

    def _note(self, order_id: int) -> None:
        row = next((one for one in self.world.shop_book()["orders"] if one["id"] == order_id), None)
        if row is not None:
            self.history.note(row)
            self.history.money.note(self.world.shop, self.world.shop.orders[order_id])


def _fee_of(kind: str) -> dict[str, Any]:
    """Returns what the plug-in of a gateway leaves on some of the orders: what it keeps, in the order's currency."""
    currency = "USD" if kind == "usd" else "EUR"
    return {"meta_data": meta(_stripe_fee=str(FEE), _stripe_currency=currency)} if kind in CHARGED else {}


def _asked_for(order: Order, how: str) -> dict[str, Any] | None:
    """Returns what the administration sends to the shop; None if it makes no sense for the order as it is."""
    is_trashed = order.status == "trash"
    if how in ("trash", "restore", "delete"):
        return {"action": how} if is_trashed == (how != "trash") else None
    if how == "a mug more":
        return {"line_items": [{"sku": "MUG-001", "quantity": 1}]}
    if how == "one more of its first thing":
        return _one_more(order)
    if how == "without its first thing":
        return {"line_items": [{"id": order.lines[0].id, "quantity": 0}]} if len(order.lines) > 1 else None
    return {"status": how} if order.status != how and not is_trashed else None


def _one_more(order: Order) -> dict[str, Any] | None:
    line = next((one for one in order.lines if one.quantity and one.product_id), None)
    if line is None:
        return None
    total = str((line.subtotal / line.quantity * (line.quantity + 1)).quantize(Decimal("0.01")))
    return {"line_items": [{"id": line.id, "quantity": line.quantity + 1, "subtotal": total, "total": total}]}
