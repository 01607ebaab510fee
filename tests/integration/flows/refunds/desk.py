"""A shop assistant who refunds orders, and what both books say of it; used by the tests and crash stories of refunds."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from connector.flows.polling import ask_for
from connector.flows.refunds.poll import poll_refunds
from tests.harness import STORE
from tests.integration.flows.story import Story

MUG, OTHER_MUG = 0, 1


class Desk(Story):
    """Orders that are posted and invoiced, and refunds of them."""

    def invoiced(self, **order: Any) -> dict[str, Any]:
        """Places an order, carries it across and has M3 deliver and invoice it."""
        placed = self.place(**order)
        self.go_on()
        self.advance(placed, "77")
        return placed

    def close_rest(self, order: dict[str, Any], *lines: int) -> None:
        """Has somebody in M3 end what has not left of lines that left in part."""
        url = f"{self.sandbox.m3_url}/_control/orders/{self.order_of(order)['orno']}/close"
        self.sandbox.post(url, {"lines": list(lines)})

    def refund(self, order: dict[str, Any], amount: str | None = None, **refund: Any) -> int:
        """Refunds something in the shop and has the order looked at; returns the id of the refund."""
        content = {**({"amount": amount} if amount else {}), **refund}
        url = f"{self.sandbox.shop_url}/_control/orders/{order['id']}"
        self.sandbox.post(url, {"deliver": "never", "refund": content})
        ask_for(self.connector.engine, STORE, order_ids=[order["id"]])
        return max(one["id"] for one in self.sandbox.shop_book()["refunds"])

    def give_back(self, order: dict[str, Any], line: int, pieces: int, *, restock: bool = False, **more: Any) -> int:
        """Refunds pieces of one line with its tax."""
        return self.refund(order, line_items=[part_of(order["line_items"][line], pieces)], api_restock=restock, **more)

    def delete(self, order: dict[str, Any], refund_id: int) -> None:
        """Deletes a refund in the shop, which tells nobody."""
        shop = self.connector.process.runtime.store(STORE).shop
        shop.refunds._transport.write(
            "DELETE", f"orders/{order['id']}/refunds/{refund_id}", params=(("force", "true"),)
        )

    def poll(self) -> int:
        """Polls the shop for refunds; returns how many brought news."""
        return poll_refunds(self.connector.engine, self.connector.process.runtime.store(STORE)).news

    def returns(self) -> list[dict[str, Any]]:
        """Returns the return and credit orders M3 holds."""
        held: list[dict[str, Any]] = self.sandbox.m3_book()["returns"]
        return held

    def refunds(self) -> list[dict[str, Any]]:
        """Returns the exchanges of refunds, the earliest refund first."""
        return self.connector.rows(
            "SELECT * FROM exchange WHERE flow = 'refunds_to_m3' ORDER BY CAST(split_part(business_key, '-', 2) AS bigint), id"
        )


def part_of(line: dict[str, Any], pieces: int) -> dict[str, Any]:
    """Returns what a refund of some pieces of an order line sends to the shop."""
    share = Decimal(pieces) / Decimal(line["quantity"])
    taxes = [{"id": tax["id"], "refund_total": float(round(Decimal(tax["total"]) * share, 2))} for tax in line["taxes"]]
    total = float(round(Decimal(line["total"]) * share, 2))
    return {"id": line["id"], "quantity": pieces, "refund_total": total, "refund_tax": taxes}
