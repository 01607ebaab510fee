"""A refund of goods that M3 has not picked yet: the order there has to become smaller. Called by refunds_to_m3.

Until changes of a posted order are applied by the connector itself, a person does it and sees both sides.
"""

from __future__ import annotations

from connector.errors import NeedsPersonError
from connector.flows.context import Run
from connector.flows.outcome import Done
from connector.flows.refunds.stage import Sale
from connector.money.refunds import Of, Taken


def make_smaller(run: Run, sale: Sale, taken: Taken) -> Done:
    """Hands a refund before picking to a person; the audit trail shows what the shop took back and what M3 holds.

    Looked at again by itself: once the order is invoiced as it is, the refund goes on as a return.

    Raises:
        NeedsPersonError: Always.
    """
    given_back = {
        str(piece.source_id): {"quantity": piece.quantity, "net": piece.net}
        for piece in taken.pieces
        if piece.of is Of.GOODS
    }
    held = {
        str(line_id): {"quantity": sum(line.quantity_in_unit for line in lines), "status": lines[0].status}
        for line_id, lines in sale.lines.items()
        if not given_back or str(line_id) in given_back
    }
    if run.claim.last_code != NeedsPersonError.code:  # looked at again and again: told once
        run.journal.audit("refund before picking", system="shop", key=sale.number, before=held, after=given_back)
    raise NeedsPersonError(
        f"Refund {taken.refund_id} ({taken.total}) takes back what order {sale.number} in M3 has not picked yet.",
        resolution=f"`connector exchanges show {run.claim.exchange_id}` shows both sides. Reduce or close the lines of order "
        f"{sale.number} in OIS300, then discard this exchange. If the order is delivered and invoiced as it is, the refund "
        "goes on as a return by itself.",
    )
