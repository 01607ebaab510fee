"""What a comparison of the shop's orders and money with M3's books finds: one row a figure, with the reason if they differ.

Made by the modules of this package, shown by `connector reconcile`, kept by workers/reconciling.py.
What differs is found from both systems alone; the ledger only says why.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum


class Fact(StrEnum):
    """What is compared."""

    ORDER = "order"
    REFUND = "refund"
    PAYMENT = "payment"
    INVOICE = "invoice"
    REPAYMENT = "repayment"
    CREDIT = "credit"
    SETTLEMENT = "settlement"  # what is paid of an order's invoices in the receivables
    BOOKING = "booking"  # of an order carried as an invoice: its units booked out of M3's stock
    POSTING = "posting"  # a voucher of ours that is none of these


class Reason(StrEnum):
    """Why a figure is as it is on both sides."""

    EQUAL = "equal"
    IN_FLIGHT = "in_flight"  # the connector is at it, or tries again by itself
    WAITING = "waiting_for_person"  # a dead letter; people were told
    REFUSED = "refused_before_posting"  # it cannot go to M3 as it is, and nothing of it was written
    SETTLED = "settled_by_person"  # a dead letter that a person discarded, saying why
    TAKEN_OFF = "taken_off_order"  # M3's order was made smaller by refunds before it was picked
    ROUNDING = "rounding"  # within the rounding limit of the store, the totals being equal
    EDITED_IN_M3 = "edited_in_m3"  # M3 held what was sent, and holds something else now
    CHANGED_IN_SHOP = "changed_in_shop"  # M3 holds what was posted; what is posted once is not posted anew
    DELETED_IN_M3 = "deleted_in_m3"  # M3 held it, and somebody deleted it there
    UNKNOWN = "unknown"  # nothing known explains it


EXPLAINED = frozenset(Reason) - {Reason.DELETED_IN_M3, Reason.UNKNOWN}
"""With these nobody has to find out what happened."""
QUIET = frozenset({Reason.EQUAL, Reason.ROUNDING})
"""Rows with these are counted, and shown only if asked for: a shop that rounds line by line has one on most orders."""

WHOLE = "whole"
"""`what` of a row that is about the fact itself: only one side has it, or one has it twice."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """One figure of one fact on both sides, as text; None where a side has none."""

    fact: Fact
    shop_id: int | None  # of the order, refund ...; None: the shop has none
    order_number: str  # the number the shop shows, of the order the fact belongs to
    m3_number: str | None  # order or voucher; several with commas between
    day: date  # of the order, refund, payment, in the division's zone
    currency: str
    what: str  # WHOLE, or the figure: total, tax, shipping, line <SKU>, account <number> ...
    shop: str | None
    m3: str | None
    reason: Reason
    words: str = ""
    remedy: str = ""

    @property
    def is_explained(self) -> bool:
        """Whether something known accounts for it."""
        return self.reason in EXPLAINED


@dataclass(frozen=True)
class Difference:
    """A figure that is another one in M3 than in the shop, before anybody asked why."""

    what: str
    shop: str | None
    m3: str | None
    is_rounding: bool = False


@dataclass(frozen=True)
class Why:
    """The reason of a difference, with what a person should know and do."""

    reason: Reason
    words: str = ""
    remedy: str = ""


@dataclass(frozen=True, kw_only=True)
class Subject:
    """A fact as rows name it; see Row."""

    fact: Fact
    shop_id: int | None
    order_number: str
    m3_number: str | None
    day: date
    currency: str

    def row(self, difference: Difference, why: Why) -> Row:
        """Returns the row of one figure of it."""
        return Row(**vars(self), what=difference.what, shop=difference.shop, m3=difference.m3, **vars(why))


def money(amount: Decimal) -> str:
    """Returns an amount as rows have it; the currency stands beside."""
    return f"{amount:f}"
