"""What the flows that post a refund begin and end with: the refund as the shop has it, and what is posted of it.

Called by credits_to_m3 and repayments_to_m3. A refund never changes in the shop, but it may be deleted, or its id given to another.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from connector.errors import NeedsPersonError
from connector.flows import marks
from connector.flows.books import posting
from connector.flows.books.discarding import refund_stays_discarded
from connector.flows.books.keys import epoch_of_refund
from connector.flows.books.sheet import Sheet
from connector.flows.context import Run
from connector.flows.outcome import Done
from connector.flows.refunds.reading import Found, as_kept, read, recall_before_going_on
from connector.ledger.document_records import DocumentRecord
from connector.woocommerce.models import Order, Refund


@dataclass(frozen=True)
class Refunded:
    """A refund that the shop has, and nothing is posted of."""

    order: Order
    refund: Refund
    found: Found


@dataclass(frozen=True)
class Words:
    """What people are told of a refund that a person discarded, or that is posted and that the shop does not have any more."""

    what: str
    posted: str
    remedy: str


def take_up(run: Run, words: Words) -> Refunded | Done:
    """Finishes what an earlier run began, then reads the refund.

    Returns:
        The refund, if it is still to be posted; else why there is nothing to do.

    Raises:
        NeedsPersonError: It is posted, and the shop does not have it any more.
        ChangedAfterDiscardError: A person discarded it, and the shop has deleted it since.
        ConnectorError: See `posting.take_up` and `refunds.reading.read`.
    """
    recall_before_going_on(run)
    document = posting.take_up(run)
    found = read(run)
    if document is not None:  # posted, so nothing of it is discarded any more, whatever the order's mark says
        return _compare_posted(run, document, found, words)
    marks.recall(run, found.order)
    discarded = refund_stays_discarded(run, found, what=words.what)
    if discarded is not None:
        return discarded
    if found.order is None or found.refund is None:
        return Done("deleted in the shop before it was carried across")
    return Refunded(found.order, found.refund, found)


def _compare_posted(run: Run, document: DocumentRecord, found: Found, words: Words) -> Done:
    said = f"posted as {document.final_number}"
    if run.claim.discard is not None:
        return Done(f"{said}; a person settled what came after")
    if found.order is None:
        return Done(f"{said}; its order does not exist in the shop any more")
    epoch = Sheet.from_json(document.plan["sheet"]).epoch
    if found.refund is not None and epoch_of_refund(found.order, found.refund) == epoch:
        return Done(said)
    raise NeedsPersonError(
        f"The refund was deleted in the shop, or its id given to another one, and {words.posted} {said}.",
        resolution=f"{words.remedy}; then discard this exchange.",
    )


def post(run: Run, what: Refunded, make: Callable[[int], Sheet]) -> str:
    """Posts it; see `posting.post`. What it takes back is kept, and counts also when the shop has deleted it."""
    made_at = what.refund.date_created_gmt or what.order.created_at
    content = {"amount": str(what.refund.amount), "refund": as_kept(what.refund)}
    return posting.post(run, make, made_at=made_at, happened_at=made_at, content=content)
