"""What the shop ever stated of orders that are carried as invoices, as M3's ledger would have to show it. Used by buyers.py.

Written from the shop's own amounts alone: nothing here knows how the connector makes a journal.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from sandbox.shop.entities import Order, Refund
from sandbox.shop.order_json import show_order
from sandbox.shop.state import Shop

Sums = dict[str, Decimal]
"""Account -> amount, negative: credit."""
RECEIVABLE, GOODS, SHIPPING, FEES, PREPAYMENT = "1510", "goods", "3510", "3520", "2420"
GOODS_ACCOUNTS, ROUNDING = ("3010", "3730"), "3740"
"""Revenue is posted before discount; together they are what the goods cost."""
TAXES = {Decimal(25): "2610", Decimal(5): "2611"}
CLEARING = {"stripe": "1580", "bacs": "1930", "cod": "1930"}


@dataclass(frozen=True)
class Stated:
    """An order at some moment: what its invoice and its payment put on each account, and the units each line holds."""

    status: str
    is_paid: bool
    invoice: Sums
    payment: Sums
    held: dict[int, int]


@dataclass(frozen=True)
class GivenBack:
    """A refund: of which order, how much, whether by the gateway, and what that puts on each account."""

    order_id: int
    amount: Decimal
    is_paid_back: bool
    repayment: Sums


@dataclass
class InvoicesHistory:
    """All orders and refunds of a day, also those that are gone; `deleted` are refunds, `skus` those of the lines."""

    orders: dict[int, list[Stated]] = field(default_factory=dict)
    refunds: dict[int, GivenBack] = field(default_factory=dict)
    deleted: set[int] = field(default_factory=set)
    skus: dict[int, str] = field(default_factory=dict)

    def note(self, shop: Shop, order: Order) -> None:
        """Adds an order as the shop has it now, with its refunds."""
        shown = show_order(shop, order, base="")
        self.orders.setdefault(order.id, []).append(_stated(order, shown))
        self.skus.update({line["id"]: line["sku"] or "" for line in shown["line_items"]})
        for refund in shop.refunds.values():
            if refund.order_id == order.id:
                self.refunds[refund.id] = _given_back(refund, order)

    def is_edited(self, number: int) -> bool:
        """Tells whether the amounts of an order ever changed."""
        stated = self.orders.get(number, [])
        return any(one.invoice != stated[0].invoice for one in stated)

    def has_deleted_refund(self, number: int) -> bool:
        """Tells whether a refund of an order was deleted again."""
        return any(self.refunds[one].order_id == number for one in self.deleted)

    def refunds_of(self, number: int) -> dict[int, GivenBack]:
        """Returns the refunds an order ever had."""
        return {refund_id: one for refund_id, one in self.refunds.items() if one.order_id == number}


def _stated(order: Order, shown: Mapping[str, Any]) -> Stated:
    total = Decimal(shown["total"])
    invoice = {
        RECEIVABLE: total,
        GOODS: -_sum(shown["line_items"]),
        SHIPPING: -_sum(shown["shipping_lines"]),
        FEES: -_sum(shown["fee_lines"]),
    }
    for tax in shown["tax_lines"]:
        account = TAXES[Decimal(str(tax["rate_percent"]))]
        stated = Decimal(tax["tax_total"]) + Decimal(tax["shipping_tax_total"])
        invoice[account] = invoice.get(account, Decimal(0)) - stated
    return Stated(
        status=order.status,
        is_paid=order.paid is not None,
        invoice=without_zeros(invoice),
        payment=without_zeros({CLEARING.get(order.payment_method, ""): total, PREPAYMENT: -total}),
        held={line.id: line.reduced_stock for line in order.lines},
    )


def _given_back(refund: Refund, order: Order) -> GivenBack:
    amount = refund.amount
    repayment = {PREPAYMENT: amount, CLEARING.get(order.payment_method, ""): -amount}
    return GivenBack(order.id, amount, refund.is_paid_back, without_zeros(repayment))


def _sum(rows: Iterable[Mapping[str, Any]]) -> Decimal:
    return sum((Decimal(row["total"]) for row in rows), Decimal(0))


def without_zeros(sums: Mapping[str, Decimal]) -> Sums:
    """Leaves out accounts on which nothing is left."""
    return {account: amount for account, amount in sums.items() if amount}
