"""Lets no return take back what M3 has not invoiced. Called by refunds_to_m3 before it plans one.

A refund is capped at the shop's order; M3 may have invoiced less of it: a person lowered a quantity or a price there, a line was
closed undelivered, or the shop changed the order once it was invoiced. Then the refund may be for what is missing in M3, and a
return would give it back twice. So after each return M3 must keep of the order no less than the shop does.
"""

from __future__ import annotations

from decimal import Decimal

from connector.errors import NeedsPersonError
from connector.flows.refunds.reading import Found
from connector.flows.refunds.stage import Sale
from connector.m3.programs.ois100mi import OrderLine
from connector.money.refunds import Of, Taken
from connector.money.rounding import ZERO
from connector.woocommerce.models import Order


def refuse_above_invoiced(found: Found, taken: Taken, sale: Sale, *, limit: Decimal) -> None:
    """Hands a refund to a person of which M3 has not invoiced the pieces or the money.

    Args:
        found: The refund, and all that count with it.
        taken: What a return is to take back of it.
        sale: The order as M3 invoiced it.
        limit: How far rounding may make both sides differ, where somebody changed the order in M3.

    Raises:
        NeedsPersonError: Names both sides.
    """
    order = found.order
    assert order is not None, "asked for before"
    kept = order.total - sum((one.amount for one in found.given_back), ZERO)
    if sale.value - found.credited - taken.total < max(kept, ZERO) - limit:
        raise _person(
            taken,
            sale,
            f"M3 has invoiced {sale.value} and credited {found.credited} of it; the shop sold {order.total}, and keeps {kept} of "
            f"it after this refund. A return of {taken.total} would leave less in M3",
        )
    for line_id in dict.fromkeys(piece.source_id for piece in taken.pieces if piece.of is Of.GOODS):
        _refuse_pieces(order, found, taken, sale, line_id=line_id)


def _refuse_pieces(order: Order, found: Found, taken: Taken, sale: Sale, *, line_id: int) -> None:
    """Compares what is left of a line of the shop, with all others that M3 holds as the same lines."""
    lines = sale.lines[line_id]
    together = {one for one, held in sale.lines.items() if held == lines}
    invoiced = sum((_invoiced(line) for line in lines), ZERO)
    returned = sum(
        (some for of in found.returned.values() for one, some in of.items() if one in together),
        sum((piece.quantity for piece in taken.pieces if piece.of is Of.GOODS and piece.source_id in together), ZERO),
    )
    sold = sum((line.quantity for line in order.line_items if line.id in together), ZERO)
    back = -sum(
        (row.quantity for one in found.given_back for row in one.line_items if row.refunded_item_id in together), ZERO
    )
    if invoiced - returned < max(sold - back, ZERO):
        raise _person(
            taken,
            sale,
            f"M3 has invoiced {invoiced.normalize():f} of order line {line_id}, and {returned.normalize():f} would have come "
            f"back; the shop sold {sold.normalize():f} and keeps {(sold - back).normalize():f} after this refund",
        )


def _invoiced(line: OrderLine) -> Decimal:
    """Returns how many pieces of a line are invoiced, in the unit sold; M3 tells them in the basic unit."""
    return line.invoiced * line.quantity_in_unit / line.quantity if line.quantity_in_unit else line.invoiced


def _person(taken: Taken, sale: Sale, what: str) -> NeedsPersonError:
    return NeedsPersonError(
        f"Refund {taken.refund_id} ({taken.total}) cannot be credited to order {sale.number} as it is: {what}.",
        resolution=f"Compare order {sale.number} (OIS300, OIS350) with the shop's. If what is refunded was never invoiced, there "
        "is nothing to credit; else credit the buyer in M3 by hand. Then discard this exchange.",
    )
