"""What must hold of returns and credits of M3: each is of one refund of the shop, and they are no more. Used by books.py."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from decimal import Decimal
from typing import Any

from tests.acceptance.simulation.invoices_history import InvoicesHistory
from tests.acceptance.simulation.orders_history import quantities
from tests.harness import STORE

Book = Mapping[str, Any]
MOST_ROUNDING = Decimal("0.05")
"""Cents of the rounding of its order that a return may take along, or that stay."""
INVOICED, RETURN = "77", "W02"
MONEY = "CREDIT"
"""How the items begin that stand for money alone."""


def refund_of(entry: Book) -> int:
    """Returns the refund of the shop that a return is of; 0 if it says none."""
    store, _, rest = entry["yref"].partition("-R")
    number = rest.partition("-")[0]
    return int(number) if store == STORE and number.isdigit() else 0


def of_returns(m3: Book, history: InvoicesHistory, off: Mapping[int, Decimal]) -> Iterator[str]:
    """Says what is wrong at this moment; `off` is what the ledger says that refunds took off each order."""
    for reference, times in Counter(one["yref"] for one in m3["returns"]).items():
        if times > 1:
            yield f"doubled: M3 holds {times} returns with the reference {reference}"
    for one in m3["returns"]:
        if refund_of(one) not in history.refunds:
            yield f"unexpected: M3 holds return {one['orno']} of no refund of the shop ({one['yref']})"
    for number, back in _given_back(m3, history).items():
        refunds = [one.amount for one in history.refunds_of(number).values()]
        if back + off.get(number, Decimal(0)) > sum(refunds, MOST_ROUNDING * len(refunds)):
            yield f"wrong money: M3 gives {back} back of order {number} and has {off.get(number, 0)} less of it, of {refunds}"


def of_returned_pieces(m3: Book) -> Iterator[str]:
    """Says which invoice of M3 has fewer pieces of a thing than come back of it."""
    orders = {one["orno"]: one for one in m3["orders"]}
    left: dict[str, Counter[str]] = {}
    for delivery in m3["deliveries"]:
        order = orders.get(delivery["orno"])
        invoice = next((one for one in m3["order_invoices"] if one["dlix"] == delivery["dlix"]), None)
        if order is not None and invoice is not None:
            item_of = {str(one["ponr"]): one["itno"] for one in order["lines"]}
            pieces = quantities((item_of[ponr], some) for ponr, some in delivery["lines"].items())
            left.setdefault(invoice["exin"], Counter()).update(pieces)
    for one in m3["returns"]:
        invoice_no = one["head"].get("OIVR", "")
        if one["ortp"] == RETURN:
            left.setdefault(invoice_no, Counter()).update(
                quantities((row["itno"], row["quantity"]) for row in one["lines"])
            )
    for invoice_no, pieces in left.items():
        if below := [item for item, some in pieces.items() if some < 0 and not item.startswith(MONEY)]:
            yield f"doubled: more of {', '.join(below)} comes back than invoice {invoice_no} has"


def of_returns_at_rest(
    m3: Book,
    history: InvoicesHistory,
    off: Mapping[int, Decimal],
    *,
    delivered: Collection[int],
    unclear: Collection[int],
) -> Iterator[str]:
    """Says which orders M3 has invoiced whole without giving back what the shop did; see `require_complete`.

    Args:
        m3: Its book.
        history: The refunds there ever were.
        off: See `of_returns`.
        delivered: The orders that M3 has invoiced.
        unclear: Those of which a person is told, or a refund was deleted.
    """
    back = _given_back(m3, history)
    for number in sorted({*delivered} - {*unclear}):
        refunds = [one.amount for one in history.refunds_of(number).values()]
        there = back.get(number, Decimal(0)) + off.get(number, Decimal(0))
        if abs(there - sum(refunds)) > MOST_ROUNDING * max(len(refunds), 1):
            yield f"lost: order {number} is invoiced in M3, which gives back {there} of {refunds}"


def _given_back(m3: Book, history: InvoicesHistory) -> dict[int, Decimal]:
    found: dict[int, Decimal] = {}
    for one in m3["returns"]:
        refund = history.refunds.get(refund_of(one))
        if refund is not None:
            found[refund.order_id] = found.get(refund.order_id, Decimal(0)) - Decimal(one["total"])
    return found
