"""What the shop ever stated of orders that are carried as invoices, as M3's ledger would have to show it. Used by buyers.py.

Written from the shop's own amounts alone: nothing here knows how the connector makes a journal.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from sandbox.shop.entities import Order, Refund
from sandbox.shop.order_json import show_order
from sandbox.shop.state import Shop
from tests.integration.flows.books.counting_house import FEE_KEY

Sums = dict[str, Decimal]
"""Account -> amount, negative: credit."""
RECEIVABLE, GOODS, SHIPPING, FEES, PREPAYMENT = "1510", "goods", "3510", "3520", "2420"
GOODS_ACCOUNTS, ROUNDING = ("3010", "3730"), "3740"
"""Revenue is posted before discount; together they are what the goods cost."""
TAXES = {Decimal(25): "2610", Decimal(5): "2611"}
CLEARING = {"stripe": "1580", "bacs": "1930", "cod": "1930"}
FEE = Decimal("1.25")
"""What the gateway keeps of some payments by card, of it a fifth VAT."""
FEE_ACCOUNTS = {"6570": Decimal("1.00"), "2640": Decimal("0.25")}


@dataclass(frozen=True)
class Stated:
    """An order at some moment: what its invoice, its payment and its gateway's fee put on each account, and the units each line
    holds.
    """

    status: str
    currency: str
    paid_at: datetime | None
    invoice: Sums
    payment: Sums
    fee: Sums
    held: dict[int, int]

    @property
    def is_paid(self) -> bool:
        """Whether the shop says when it was paid."""
        return self.paid_at is not None


@dataclass(frozen=True)
class GivenBack:
    """A refund: of which order, when, how much, whether by the gateway, and what that puts on each account."""

    order_id: int
    currency: str
    made_at: datetime
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

    def note_paid(self, shop: Shop) -> None:
        """Adds the orders that are paid since they were noted: the connector completes what was to be paid on delivery."""
        for number, stated in self.orders.items():
            order = shop.orders.get(number)
            if order is not None and stated[-1].is_paid != (order.paid is not None):
                self.note(shop, order)

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
        currency=order.currency,
        paid_at=order.paid,
        invoice=without_zeros(invoice),
        payment=without_zeros({CLEARING.get(order.payment_method, ""): total, PREPAYMENT: -total}),
        fee=_fee_of(order),
        held={line.id: line.reduced_stock for line in order.lines},
    )


def _fee_of(order: Order) -> Sums:
    """Returns what the gateway's fee puts on each account, if the shop states one."""
    is_charged = order.payment_method == "stripe" and any(one.key == FEE_KEY for one in order.meta)
    return {CLEARING["stripe"]: -FEE, **FEE_ACCOUNTS} if is_charged else {}


def _given_back(refund: Refund, order: Order) -> GivenBack:
    amount = refund.amount
    repayment = {PREPAYMENT: amount, CLEARING.get(order.payment_method, ""): -amount}
    return GivenBack(order.id, order.currency, refund.created, amount, refund.is_paid_back, without_zeros(repayment))


def _sum(rows: Iterable[Mapping[str, Any]]) -> Decimal:
    return sum((Decimal(row["total"]) for row in rows), Decimal(0))


def without_zeros(sums: Mapping[str, Decimal]) -> Sums:
    """Leaves out accounts on which nothing is left."""
    return {account: amount for account, amount in sums.items() if amount}
