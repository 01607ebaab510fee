"""The desk of a shop whose orders M3 has already: changes them, and compares both books to the cent."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from connector.m3.client import M3Client
from tests.harness import STORE
from tests.integration.flows.story import Story


def stopped_before(operation: str, meanwhile: Callable[[], None]) -> Callable[..., Any]:
    """Returns the write to M3 by a worker that stands still before the first byte of one operation."""
    stops = iter([meanwhile])
    write = M3Client.write

    def sends(self: M3Client, calls: Any) -> Any:
        if calls[0].operation == operation and (stop := next(stops, None)) is not None:
            stop()
        return write(self, calls)

    return sends


class Desk:
    """One order that was posted; what the administration does to it, and what M3 makes of it."""

    def __init__(self, story: Story, **order: Any) -> None:
        """Places an order and lets M3 have it."""
        self.story = story
        self.order = story.place(**order)
        story.go_on()
        assert self.shop_and_m3_differ() == []

    def change(self, **changes: Any) -> None:
        """Changes the order in the shop and lets the connector follow."""
        self.order = self.story.change(self.order, **changes)
        self.story.go_on()

    def line_id(self, sku: str) -> int:
        """Returns the id of the line of a product."""
        return next(int(line["id"]) for line in self.order["line_items"] if line["sku"] == sku)

    def set_quantity(self, sku: str, quantity: int) -> None:
        """Sets the quantity of a line as the administration does; 0 removes it."""
        self.change(**self.quantity_of(sku, quantity))

    def quantity_of(self, sku: str, quantity: int) -> dict[str, Any]:
        """Returns the change that sets a quantity, with the amount at the same price."""
        line = next(one for one in self.order["line_items"] if one["sku"] == sku)
        if quantity == 0:
            return {"line_items": [{"id": line["id"], "quantity": 0}]}
        total = str((Decimal(line["total"]) / line["quantity"] * quantity).quantize(Decimal("0.01")))
        return {"line_items": [{"id": line["id"], "quantity": quantity, "total": total, "subtotal": total}]}

    @property
    def held(self) -> dict[str, Any]:
        """The order as M3 holds it."""
        (held,) = [one for one in self.story.orders() if one["yref"].startswith(f"{STORE}-{self.order['id']}-")]
        return dict(held)

    def advance(self, to: str) -> None:
        """Lets the warehouse go on with the order."""
        self.story.sandbox.advance(self.held["orno"], to)

    def shop_and_m3_differ(self) -> list[str]:
        """Returns what is not the same on both sides, or not at rest."""
        held, states = self.held, self.story.connector.rows("SELECT state, reason FROM exchange WHERE state <> 'done'")
        shop = Counter[tuple[str, Decimal]]()
        for line in self.order["line_items"]:
            shop[line["sku"], Decimal(line["total"])] += line["quantity"]
        m3 = Counter[tuple[str, Decimal]]()
        for line in held["lines"]:
            m3[line["itno"], Decimal(line["line_amount"])] += int(line["quantity"])
        wrong = {
            f"total: {held['total']} for {self.order['total']}": held["total"] != self.order["total"],
            f"lines: {m3} for {shop}": m3 != shop,
            "held in M3": held["held"],
            f"not done: {states}": bool(states),
        }
        return [what for what, is_wrong in wrong.items() if is_wrong]

    def is_closed(self) -> list[str]:
        """Returns what of the order is not ended in M3."""
        held, states = self.held, self.story.connector.rows("SELECT state, reason FROM exchange WHERE state <> 'done'")
        wrong = {
            f"lines: {held['lines']}": bool(held["lines"]),
            f"charges: {held['charges']}": bool(held["charges"]),
            f"worth {held['total']}": Decimal(held["total"]) != 0,
            "held in M3": held["held"],
            f"not done: {states}": bool(states),
        }
        return [what for what, is_wrong in wrong.items() if is_wrong]


def waits(desk: Desk) -> dict[str, Any]:
    """Returns the exchange of the order, which waits for a person and says what to do; there is still one order."""
    exchange = desk.story.exchange()
    assert exchange["state"] == "dead_letter", exchange
    assert exchange["resolution"]
    assert len(desk.story.orders()) == 1
    return exchange


def audited(desk: Desk) -> dict[str, Any]:
    """Returns the newest line of the audit trail about a change after posting."""
    rows = desk.story.connector.rows(
        "SELECT before, after FROM audit WHERE action = 'changed after posting' ORDER BY id"
    )
    return rows[-1]
