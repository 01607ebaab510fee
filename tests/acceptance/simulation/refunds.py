"""What buyers get back: by pieces, by lines, by amount, all of it; and refunds taken back again. Rules of machine.py."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from sandbox.shop.entities import Order
from sandbox.shop.order_json import show_order
from tests.acceptance.simulation.buyers import Buyers
from tests.acceptance.simulation.days import SOME, step
from tests.acceptance.simulation.world import SHOP
from tests.integration.flows.refunds.desk import part_of

ALL_GOODS, LINE = "all its goods", "a line"
PARTS = ("a piece", "a piece", "money", "all that is left")
MONEY = Decimal("5.00")


class Refunds(Buyers):
    """The rules about refunds, where the store carries them."""

    @precondition(lambda self: self.world.sort.gives_back and self._orders())
    @rule(
        which=SOME, what=st.sampled_from(PARTS), paid_back=st.booleans(), restocks=st.booleans(), arrives=st.booleans()
    )
    @step
    def give_back(self, which: int, what: str, paid_back: bool, restocks: bool, arrives: bool) -> None:
        """Something of an order is given back, by its gateway or by hand, and goes on sale again or not."""
        order = self._order(which)
        body = self._refund_of(order, what)
        if body is None:
            return
        refund = {**body, "paid_back": paid_back, "api_restock": restocks}
        self.world.control(SHOP, f"orders/{order.id}", deliver="now", refund=refund)
        self._note(order.id)
        newest = max(one.id for one in self.world.shop.refunds.values())
        how = f"{'paid back' if paid_back else 'by hand'}{', on sale again' if restocks else ''}"
        self.tell(f"Refund {newest} of order {order.id} ({order.status}): {what}, {how}.")
        if arrives:
            self.deliver_all()

    @precondition(lambda self: self.world.sort.gives_back and self.world.shop.refunds)
    @rule(which=SOME)
    @step
    def delete_refund(self, which: int) -> None:
        """A refund is deleted, which tells nobody."""
        refunds = [*self.world.shop.refunds.values()]
        refund = refunds[which % len(refunds)]
        self.world.delete_refund(refund.order_id, refund.id)
        self.history.money.deleted.add(refund.id)
        self.tell(f"Refund {refund.id} of order {refund.order_id} is deleted.")

    def _refund_of(self, order: Order, what: str) -> dict[str, Any] | None:
        """Returns what the administration sends to the shop; None if the order has nothing of it left."""
        earlier = [one for one in self.world.shop.refunds.values() if one.order_id == order.id]
        left = order.total - sum((one.amount for one in earlier), Decimal(0))
        if left <= 0 or order.status == "trash":
            return None
        if what in ("money", "all that is left"):
            return {"amount": str(left if what == "all that is left" else min(MONEY, left))}
        touched = {row.meta[0].value for one in earlier for row in one.lines}
        rows = show_order(self.world.shop, order, base="")["line_items"]
        untouched = [one for one in rows if one["quantity"] and str(one["id"]) not in touched]
        lines = [part_of(one, 1 if what == "a piece" else one["quantity"]) for one in untouched]
        if what == LINE and len(lines) < 2:
            return None  # charges alone would be left, which a person ends
        lines = lines if what == ALL_GOODS else lines[:1]
        return None if not lines or sum(map(_worth, lines)) > left else {"line_items": lines}


def _worth(row: dict[str, Any]) -> Decimal:
    taxes = sum((Decimal(str(one["refund_total"])) for one in row["refund_tax"]), Decimal(0))
    return Decimal(str(row["refund_total"])) + taxes
