"""Lets no return take back what M3 has not invoiced. Called by refunds_to_m3 before it plans one.

A refund is capped at the shop's order; M3 may have invoiced less of it: a person lowered a quantity or a price there, a line was
closed undelivered, or the shop changed the order once it was invoiced. Then the refund may be for what is missing in M3, and a
return would give it back twice. So after each return M3 must keep of its invoices no less than the shop keeps of what they are for.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from connector.errors import NeedsPersonError
from connector.flows.refunds.billed import Billed
from connector.flows.refunds.reading import Found
from connector.flows.refunds.stage import ENDED, INVOICED, Sale, lines_of
from connector.m3.programs.ois100mi import OrderLine
from connector.money.refunds import Of, Taken
from connector.money.rounding import ZERO
from connector.woocommerce.models import LineItem, Order


@dataclass(frozen=True)
class Row:
    """Lines of the shop that M3 holds as the same lines, and how many pieces both have of them, in the unit sold."""

    ids: frozenset[int]
    kept: Decimal  # sold by the shop, less what its refunds give back
    kept_gross: Decimal  # the same in money, with tax
    invoiced: Decimal
    to_come: Decimal  # what M3 is still to invoice
    returned: Decimal  # by the returns M3 holds


def refuse_above_invoiced(found: Found, taken: Taken, sale: Sale, billed: Billed, *, limit: Decimal) -> None:
    """Hands a refund to a person of which M3 has not invoiced the pieces or the money.

    Args:
        found: The refund, and all that count with it.
        taken: What a return is to take back of it.
        sale: The order as it stands in M3.
        billed: Its invoices.
        limit: How far rounding may bring both sides apart; each invoice is rounded anew.

    Raises:
        NeedsPersonError: Names both sides.
    """
    order = found.order
    assert order is not None, "asked for before"
    rows = list(_rows(order, found, sale))
    kept = order.total - sum((one.amount for one in found.given_back), ZERO)
    not_billed = sum((_not_billed(row, taken) for row in rows), ZERO)
    left = billed.total - found.credited - taken.total
    if left < max(kept - not_billed, ZERO) - limit * len(billed.invoices):
        but = f", {not_billed:.2f} of that for what M3 has not invoiced" if not_billed else ""
        raise _person(
            taken,
            sale,
            f"M3 has invoiced {billed.total} and credited {found.credited} of it; the shop sold {order.total}, and keeps {kept} of "
            f"it after this refund{but}. A return of {taken.total} would leave less in M3",
        )
    for row in rows:
        _refuse_pieces(row, taken, sale)


def _refuse_pieces(row: Row, taken: Taken, sale: Sale) -> None:
    """Compares what is left of what comes back."""
    back = sum((piece.quantity for piece in taken.pieces if piece.of is Of.GOODS and piece.source_id in row.ids), ZERO)
    if back and row.invoiced - row.returned - back < max(row.kept, ZERO):
        raise _person(
            taken,
            sale,
            f"M3 has invoiced {row.invoiced.normalize():f} of order line {min(row.ids)}, and "
            f"{(row.returned + back).normalize():f} would have come back; the shop keeps {row.kept.normalize():f} of it after this "
            "refund",
        )


def _not_billed(row: Row, taken: Taken) -> Decimal:
    """Returns what the shop keeps of a row that M3 has not invoiced, and that the refund cannot be for.

    A refund that says itself what all of it is for is for no other row; money alone is for none that is still to be invoiced.
    """
    if row.kept <= 0 or row.ids & lines_of(taken.pieces):
        return ZERO
    pieces = row.kept - (row.invoiced - row.returned)
    if any(piece.of is Of.AMOUNT for piece in taken.pieces):
        pieces = min(pieces, row.to_come)
    return row.kept_gross * max(pieces, ZERO) / row.kept


def _rows(order: Order, found: Found, sale: Sale) -> Iterator[Row]:
    of_shop = {line.id: sale.lines.get(line.id, ()) for line in order.line_items}
    for lines in dict.fromkeys(of_shop.values()):
        ids = frozenset(one for one, held in of_shop.items() if held == lines)
        sold = [line for line in order.line_items if line.id in ids]
        back = [row for one in found.given_back for row in one.line_items if row.refunded_item_id in ids]
        yield Row(
            ids=ids,
            kept=sum((row.quantity for row in (*sold, *back)), ZERO),
            kept_gross=sum(map(_gross, (*sold, *back)), ZERO),
            invoiced=sum((line.invoiced * _units(line) for line in lines), ZERO),
            to_come=sum(map(_to_come, lines), ZERO),
            returned=sum((some for of in found.returned.values() for one, some in of.items() if one in ids), ZERO),
        )


def _gross(row: LineItem) -> Decimal:
    """Returns what a row comes to with tax; that of a refund is negative, as its quantity is."""
    return row.total + row.total_tax


def _to_come(line: OrderLine) -> Decimal:
    """Returns how many pieces of a line M3 is still to invoice."""
    is_over = line.status in (INVOICED, *ENDED)
    return ZERO if is_over else (line.quantity - line.invoiced) * _units(line)


def _units(line: OrderLine) -> Decimal:
    """Returns how many of the unit sold a basic unit is; M3 tells what is invoiced in the latter."""
    return line.quantity_in_unit / line.quantity if line.quantity and line.quantity_in_unit else Decimal(1)


def _person(taken: Taken, sale: Sale, what: str) -> NeedsPersonError:
    return NeedsPersonError(
        f"Refund {taken.refund_id} ({taken.total}) cannot be credited to order {sale.number} as it is: {what}.",
        resolution=f"Compare order {sale.number} (OIS300, OIS350) with the shop's. If what is refunded was never invoiced, there "
        "is nothing to credit; else credit the buyer in M3 by hand. Then discard this exchange.",
    )
