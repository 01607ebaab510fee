"""Whether the shop asks for what it asked for when M3 was written, by the figures the ledger kept then. Pure; see reasons.py."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from connector.flows.reconciling.reasons import Proof
from connector.flows.reconciling.shop_side import ShopOrder
from connector.ledger.carried import Carried
from connector.money.rounding import ZERO

Figures = Mapping[str, Any]
ORDER_NUMBER_LENGTH = 10
REDATE = "Correct the order date in OIS300."


@dataclass(frozen=True)
class InLedger:
    """What the ledger has of an order; `taken_off` is what refunds have made M3's smaller by."""

    known: Carried | None
    taken_off: Decimal = ZERO


def number_of(order: ShopOrder, known: Carried | None) -> str:
    """Returns M3's number of an order as the ledger has it, or a person who entered it by hand, or the shop; "" if nobody has."""
    ours = "" if known is None else known.m3_number or known.entered_as
    return ours or order.m3_number


def is_order_number(text: str) -> bool:
    """Tells whether a text may be an ORNO; what a person says something entered by hand is called may be none."""
    return 0 < len(text) <= ORDER_NUMBER_LENGTH


def proof_of(order: ShopOrder, ledger: InLedger, *, is_as_sent: bool) -> Proof:
    """Returns what is seen of an order."""
    known, taken_off = ledger.known, ledger.taken_off
    return Proof(
        is_as_sent=is_as_sent,
        is_as_asked=known is not None and asks_for(known.asked, order, taken_off=taken_off),
        is_accepted=known is not None and asks_for(known.accepted, order, taken_off=taken_off),
    )


def rounding_left_in(known: Carried | None, *, limit: Decimal) -> Decimal:
    """Returns what M3's order was to come to beyond the shop's, because its rounding could not be changed while M3 picked.

    More than `limit` is no rounding.
    """
    if known is None or known.expected is None or known.asked is None or known.is_ended_by_us:
        return ZERO
    left = Decimal(known.expected["total"]) - Decimal(known.asked["total"])
    return left if abs(left) <= limit else ZERO


def proof_of_date(stated: date, known: Carried | None, *, found: date) -> Proof:
    """Returns what is seen of an order that M3 has under another date."""
    sent_on = None if known is None else known.sent_on
    return Proof(is_as_sent=sent_on == found, is_as_asked=sent_on == stated)


def asks_for(figures: Figures | None, order: ShopOrder, *, taken_off: Decimal = ZERO) -> bool:
    """Tells whether an order states the figures that were kept of it, less what refunds took off it."""
    if figures is None or "line_items" not in figures or Decimal(figures["total"]) != order.total - taken_off:
        return False
    if taken_off:
        return True  # the rows follow from the refunds, each of which is compared by itself
    rows = {row["id"]: row for row in figures["line_items"]}
    return (
        Decimal(figures["total_tax"]) == order.tax
        and _sum(figures["shipping_lines"]) == order.shipping
        and _sum(figures["fee_lines"]) == order.fees
        and rows.keys() == {line.id for line in order.lines}
        and all(
            Decimal(rows[line.id]["total"]) == line.amount
            and Decimal(rows[line.id].get("quantity", line.quantity)) == line.quantity
            for line in order.lines
        )
    )


def taken_off_of(order: ShopOrder, kept: Mapping[int, Mapping[int, Decimal]]) -> Decimal:
    """Returns what refunds that the shop lists have made M3's order smaller by; `kept` is the ledger's, by order and refund."""
    return sum((off for refund_id, off in kept.get(order.id, {}).items() if refund_id in order.refund_ids), ZERO)


def is_same(kept: Figures | None, now: Figures) -> bool:
    """Tells whether what was kept is what the shop says now, as far as both say it."""
    return kept is not None and all(kept[name] == now[name] for name in kept.keys() & now.keys())


def _sum(rows: Sequence[Figures]) -> Decimal:
    return sum((Decimal(row["total"]) for row in rows), ZERO)
