"""Units that were to be booked out, and were not when the store file ceased to say how. Called by issues_to_m3.

They were wanted while the file still said so: without it nobody books them, and no comparison looks at them.
"""

from __future__ import annotations

from connector.errors import MissingDependencyError, NeedsPersonError
from connector.flows.books.carried import is_direct
from connector.flows.books.leaving import INVOICES
from connector.flows.context import Run
from connector.flows.issues import booking
from connector.flows.issues.keeping import Issue
from connector.flows.issues.rules import stated
from connector.flows.stock.selling import taken_units
from connector.ledger.document_records import DocumentRecord
from connector.ledger.posted import find_posted_batch
from connector.ledger.standing import may_be_posted_yet
from connector.stores.orders import OrderAction
from connector.woocommerce.models import Order

PUT_BACK = (
    "To have the connector do it, put invoices.issue back into the store file, give it to `connector store add`, then release the "
    "exchange."
)


def require_none(run: Run, order: Order) -> None:
    """Lets pass an order that is no invoice, holds nothing of the shop's stock, or that a person settled.

    Raises:
        MissingDependencyError: It is not known yet whether it becomes an invoice.
        NeedsPersonError: It is one, and its units are not booked out.
    """
    key, store, connection = run.claim.business_key, run.store, run.journal.connection
    is_over = run.store.config.orders.action(order.status) is not OrderAction.CONFIRM
    if run.claim.discard is not None or is_over or not is_direct(run, key):
        return
    if not any(taken_units(line) for line in order.line_items):
        return
    posted = find_posted_batch(connection, store.name, flow=INVOICES, business_key=key)
    if posted is not None:
        raise NeedsPersonError(
            f"Units of order {key} are not booked out of M3's stock, and the store file does not say any more how. Its invoice is "
            f"posted as {posted.final_number}.",
            resolution=f"Book out what the order holds of the shop's stock (MMS310), then discard this exchange. {PUT_BACK}",
        )
    if may_be_posted_yet(connection, store.name, flow=INVOICES, key=key):
        raise MissingDependencyError(
            f"The invoice of order {key} is not posted yet, and the store file does not say any more how its units are booked.",
            kind="posted_invoice",
            key=f"{store.name}/{key}",
            resolution="Nothing to do: it is looked at again by itself.",
        )


def require_no_line(run: Run, document: DocumentRecord, issue: Issue) -> None:
    """Lets pass an order none of whose lines is still to be booked out, or of which the store file says how.

    Raises:
        NotYetError: The answer to a booking was lost, and it may still arrive.
        NeedsPersonError: One is, while M3 has booked others; what is to come in again waits with it.
    """
    moves = issue.moves()
    out = [line for line, units in moves.items() if units > 0]
    if stated(run.store) is not None or not out:
        return
    if issue.begun.keys() & set(out):
        booking.wait_out(run, document, is_wanted=False)
    told = "; ".join(
        f"{abs(units):f} of {one.item or one.sku} {'out' if units > 0 else 'in again'}"
        for line, units in moves.items()
        if (one := issue.lines[line])
    )
    raise NeedsPersonError(
        f"Units of order {run.claim.business_key} are not booked in M3's stock, and the store file does not say any more how: "
        f"{told}.",
        resolution=f"Book them (MMS310), then discard this exchange. {PUT_BACK}",
    )
