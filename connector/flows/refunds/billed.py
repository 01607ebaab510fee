"""What M3 has invoiced of an order: its invoices, and what they come to. Called by refunds_to_m3.

What the order itself is worth says less: whether M3 counts in it what was closed undelivered differs, and a price that was
changed between two invoices holds for the second alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from connector.errors import MissingDependencyError, NeedsPersonError
from connector.flows.context import Run
from connector.flows.refunds.stage import Sale, wait_for_invoice
from connector.m3.programs import ois350mi
from connector.m3.programs.ois100mi import MOST_LINES
from connector.m3.programs.ois350mi import Invoice
from connector.money.rounding import ZERO


@dataclass(frozen=True)
class Billed:
    """The invoices of an order, oldest first; `total` is what they come to with VAT, in the currency of the order."""

    invoices: tuple[Invoice, ...]
    of_delivery: Mapping[str, Invoice]  # by DLIX
    total: Decimal


def read_billed(run: Run, sale: Sale) -> Billed:
    """Reads the invoices of an order with their amounts, in one request.

    Raises:
        MissingDependencyError: There is no invoice yet, or M3 does not tell the amount of each.
        NeedsPersonError: Their sum does not say what was invoiced of the order.
        RetryableError: M3 cannot be asked now.
    """
    run.journal.pause()
    calls = [
        ois350mi.list_invoice_heads_by_order(sale.number),
        ois350mi.list_all_invoices_by_order(sale.number),
    ]
    heads, told = run.store.m3.read(calls, max_records=MOST_LINES)
    invoices = ois350mi.read_invoices(heads)
    amounts = ois350mi.read_amounts(heads, told)
    if not invoices:
        raise wait_for_invoice(run, sale)
    if amounts is None:
        raise _wait_for_amounts(run, sale, invoices)
    if ois350mi.has_summary_invoice(heads):
        raise _untold(sale, invoices, "is a summary invoice, which may bear other orders, too")
    other = sorted({one.currency for one in amounts} - {sale.currency})
    if other:
        raise _untold(sale, invoices, f"is in {other[0]}, and the order in {sale.currency}")
    total = sum((one.total for one in amounts), ZERO)
    return Billed(tuple(invoices), ois350mi.read_deliveries(heads), total)


def _wait_for_amounts(run: Run, sale: Sale, invoices: list[Invoice]) -> MissingDependencyError:
    return MissingDependencyError(
        f"M3 has invoiced order {sale.number} ({_names(invoices)}) and does not tell the amount of each "
        "(OIS350MI/LstAllInvByCO), so how much may be credited is not known yet.",
        kind="invoice",
        key=f"{run.store.m3_scope}/{sale.number}",
        resolution="Nothing to do if it goes on within the hour; else look whether OIS350MI/LstAllInvByCO lists these invoices.",
        is_of_m3=True,
    )


def _names(invoices: list[Invoice]) -> str:
    return ", ".join(one.text_number or one.number for one in invoices)


def _untold(sale: Sale, invoices: list[Invoice], what: str) -> NeedsPersonError:
    return NeedsPersonError(
        f"What M3 has invoiced of order {sale.number} is not told by its invoices ({_names(invoices)}): one {what}.",
        resolution="Look at the invoices in OIS350 and credit the buyer in M3 by hand; then discard this exchange.",
    )
