"""What a refund asks of M3: a discarded one is told from one that asks for something else since. Called by refunds_to_m3."""

from __future__ import annotations

from connector.flows import marks
from connector.flows.context import Run
from connector.flows.discarded import END, POST, Meaning, digests, stay
from connector.flows.outcome import Done
from connector.flows.refunds.noticing import ids_of
from connector.flows.refunds.reading import Found
from connector.ledger.discards import Told
from connector.ledger.posted import Posted
from connector.woocommerce.canonical import read_json

ORDER = "the order in M3"
NONE = "none of ours"


def stays_discarded(run: Run, found: Found, posted: Posted | None) -> Done | None:
    """Ends a refund that a person discarded, unless it was deleted, or M3 got its order from us, since; None: nobody did.

    Raises:
        ChangedAfterDiscardError: That happened, and what the person did may not be right any more.
    """
    marks.recall(run, found.order)
    order_id, refund_id = ids_of(run.claim.business_key)
    number = NONE if posted is None else posted.document.final_number or ""
    said = "deleted in the shop" if found.refund is None else "refunded in the shop"
    now = _meaning(is_there=found.refund is not None, is_posted=posted is not None, said=said, number=number)
    return stay(run, now, fact=f"refund {refund_id} of order {order_id}", before=_meant)


def _meant(told: Told) -> Meaning | None:
    if told.body is None:
        return None
    return _meaning(is_there=True, is_posted=read_json(told.body)["posted"], said="refunded in the shop", number=NONE)


def _meaning(*, is_there: bool, is_posted: bool, said: str, number: str) -> Meaning:
    return Meaning(POST if is_there else END, said, digests({ORDER: is_posted}), {ORDER: number})
