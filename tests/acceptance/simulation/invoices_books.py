"""What must hold of orders that are carried as invoices: each fact is one voucher of the shop's amounts. Used by books.py.

Vouchers are told apart by what KEY1 and PBID say of the shop's ids; the connector's ledger is asked only who waits for a person.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from tests.acceptance.simulation.invoices_history import (
    GOODS,
    GOODS_ACCOUNTS,
    PREPAYMENT,
    RECEIVABLE,
    ROUNDING,
    InvoicesHistory,
    Stated,
    Sums,
    without_zeros,
)
from tests.acceptance.simulation.world import World
from tests.integration.flows.books.counting_house import SETTLE, sums_of

Book = Mapping[str, Any]
Vouchers = dict[tuple[str, int], list[Book]]
"""Letter of the kind and id in the shop -> the vouchers that say to be of it."""
INVOICE, CREDIT, PAYMENT, REPAYMENT, SETTLEMENT = "invoice", "credit", "payment", "repayment", "settlement"
KINDS = {"I": INVOICE, "C": CREDIT, "P": PAYMENT, "R": REPAYMENT}
PREFIX, SERIES, KEY_LENGTH = "W1", str(SETTLE["series"]), 15
CONFIRMED = ("processing", "completed")
MOST_ROUNDING = Decimal("0.05")
FLOWS = {
    "invoices_to_m3": INVOICE,
    "credits_to_m3": CREDIT,
    "payments_to_m3": PAYMENT,
    "repayments_to_m3": REPAYMENT,
    "settlements_to_m3": SETTLEMENT,
}


def vouchers_of(m3: Book) -> Vouchers:
    """Sorts the vouchers of M3 by what they are of; what is of nothing known stands under an empty kind."""
    found: Vouchers = defaultdict(list)
    for journal in m3["journals"]:
        found[_fact_of_key(journal["key1"])].append(journal)
    return found


def _fact_of_key(key: str) -> tuple[str, int]:
    if key.startswith(PREFIX) and len(key) == KEY_LENGTH and key[2] in KINDS:
        return KINDS[key[2]], int(key[3:-1], 36)
    return (SETTLEMENT, int(key[2:-1])) if key.startswith(SERIES) and key.isdigit() else ("", 0)


def of_invoices(world: World, m3: Book, history: InvoicesHistory) -> Iterator[str]:
    """Says what is wrong at this moment; see `require_sound`."""
    if not world.sort.posts_invoices:
        return
    for part in ("orders", "returns", "batch_orders"):
        yield from (f"unexpected: M3 holds {one['yref']} as one of its {part}" for one in m3[part])
    for (kind, number), held in vouchers_of(m3).items():
        where = f"{kind} {number}"
        if len(held) > 1:
            yield f"doubled: M3 holds {len(held)} vouchers of {where}: {', '.join(one['key1'] for one in held)}"
        for journal in held:
            if sum(sums_of(journal).values()) or len({line["cucd"] for line in journal["lines"]}) > 1:
                yield f"wrong money: voucher {journal['key1']} does not balance"
            if not _is_stated(kind, number, folded(journal), history, has_prepayments=world.sort.has_prepayments):
                yield f"wrong money: {where} is {folded(journal)} in M3, which the shop never said"
    for invoice in m3["invoices"]:
        if Decimal(invoice["paid"]) not in (0, Decimal(invoice["amount"])):
            yield f"doubled: {invoice['paid']} are paid of invoice {invoice['cino']}, which is of {invoice['amount']}"


def folded(journal: Book) -> Sums:
    """Returns what a voucher does to each account; revenue and discount together are the goods."""
    sums = sums_of(dict(journal))
    goods = sum((sums.pop(account, Decimal(0)) for account in GOODS_ACCOUNTS), Decimal(0))
    return without_zeros({**sums, GOODS: goods})


def _is_stated(kind: str, number: int, sums: Sums, history: InvoicesHistory, *, has_prepayments: bool) -> bool:
    """Tells whether the shop has ever said what a voucher says."""
    orders, refund = history.orders.get(number, []), history.refunds.get(number)
    if kind == INVOICE:
        is_wanted = any(one.status in CONFIRMED for one in orders)
        return is_wanted and any(is_invoice_of(sums, one.invoice) for one in orders)
    if kind == PAYMENT:
        return has_prepayments and any(one.is_paid and sums == one.payment for one in orders)
    if kind == SETTLEMENT:
        return any(_is_settlement_of(sums, one, has_prepayments=has_prepayments) for one in orders)
    if refund is None:
        return False
    if kind == REPAYMENT:
        return refund.is_paid_back and sums == refund.repayment
    return kind == CREDIT and sums.get(RECEIVABLE) == -refund.amount


def _is_settlement_of(sums: Sums, stated: Stated, *, has_prepayments: bool) -> bool:
    """Tells whether an invoice is paid as the shop states it, by what the payment was posted on, or would have been."""
    total = stated.invoice.get(RECEIVABLE)
    accounts = {PREPAYMENT} if has_prepayments else stated.payment.keys() - {PREPAYMENT}
    return stated.is_paid and any(sums.get(account) == total for account in accounts)


def is_invoice_of(sums: Sums, stated: Sums) -> bool:
    """Tells whether a voucher is what the shop states, with what its own sums miss by rounding."""
    rounding = sums.get(ROUNDING, Decimal(0))
    return abs(rounding) <= MOST_ROUNDING and {**sums, ROUNDING: rounding} == {**stated, ROUNDING: rounding}


def may_wait(row: Book, history: InvoicesHistory, changes: Mapping[int, int]) -> bool:
    """Tells whether somebody did what makes a posting wait for a person."""
    kind, number = FLOWS[row["flow"]], int(row["business_key"].split("-")[0])
    if kind == INVOICE:
        return bool(row["is_posted"]) and changes[number] > 0
    if kind == PAYMENT:
        return False
    return history.is_edited(number) or any(one in history.deleted for one in history.refunds_of(number))


def fact_of_exchange(row: Book) -> tuple[str, int] | None:
    """Returns what of the shop an exchange is of, if it is one of these flows."""
    kind = FLOWS.get(row["flow"])
    if kind is None:
        return None
    order_id, _, refund_id = row["business_key"].partition("-")
    return kind, int(refund_id or order_id)
