"""Looks an order up in M3 before it is written a first or a second time. Called by flows/orders_to_m3.py.

CUOR alone is never proof: a buyer may use a PO number twice. A hit counts if reference, customer and currency match.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from connector.errors import NeedsPersonError
from connector.flows.context import Run
from connector.ledger.document_records import DocumentRecord, References
from connector.m3.calls import Answer
from connector.m3.programs import ois100mi, ois175mi

ORDER_NUMBER_META = "_m3_order_number"
UNEXPLAINED = "unexplained_refunds"
"""Its name in the plan of an adopted order that differs: the refunds which may be why, or may not."""
LATE = timedelta(minutes=15)
FIRST_ROWS = 10
DAY_ROWS = 1000


def may_be_known(run: Run, *, created_at: datetime, is_marked: bool) -> bool:
    """Tells whether M3 may hold a document of which this ledger knows nothing (restored ledger, second installation).

    Args:
        run: This run.
        created_at: When the shop made the order or refund.
        is_marked: Whether the shop itself says that M3 has it.
    """
    return is_marked or run.claim.is_replay or run.claim.first_seen_at - created_at > LATE


def look_up(run: Run, *, customer: str, reference: str, order_date: date, currency: str) -> str | None:
    """Asks M3's order table by reference, then by date, with the keys as sent.

    Returns:
        The number of the order that is this one, or None.

    Raises:
        NeedsPersonError: An order with this reference has another customer or currency, or there are several; or M3 gives a
            part of its lists only, so that it may have the order all the same.
    """
    run.journal.pause()
    by_reference = ois175mi.list_heads_by_reference(customer, your_reference=reference)
    by_date = ois175mi.list_heads_by_date(customer, order_date=order_date)
    answer = run.store.m3.read([by_reference], max_records=FIRST_ROWS)[0]
    found = _numbers(answer, reference)
    if not found:
        day = run.store.m3.read([by_date], max_records=DAY_ROWS)[0]
        found = _numbers(day, reference)
        if not found and ois175mi.is_day_cut(day) and not ois175mi.shows_none(answer, your_reference=reference):
            raise NeedsPersonError(
                f"M3 lists {len(day.records)} orders and more of {order_date}, and its list by reference does not show whether "
                f"it has {reference}.",
                resolution=f"Look in OIS300 whether M3 has an order with the reference {reference}. If it has none, enter it "
                "there; then discard this exchange. To have the connector look: bind `order.by_date` to a transaction of the "
                "site's that gives the whole day, then release.",
            )
    if not found:
        return None
    head = ois100mi.read_head(run.store.m3.read([ois100mi.get_head(sorted(found)[0])])[0])
    fits = head.customer == customer and head.currency == currency and head.your_reference == reference
    if len(found) > 1 or not fits:
        raise NeedsPersonError(
            f"M3 holds {', '.join(sorted(found))} with the reference {reference}, but not as this order would be "
            "(customer, currency, or more than one).",
            resolution="Compare them in OIS300 with the shop's order; close the wrong one, then release or discard.",
        )
    return head.number


def _numbers(answer: Answer, reference: str) -> set[str]:
    """Lists position and do not filter, so every row is compared; a keyed list has its exact rows first."""
    return {one.number for one in ois175mi.read_orders(answer, your_reference=reference)}


def look_up_earlier(run: Run, *, order_date: date, currency: str) -> tuple[DocumentRecord, str] | None:
    """Asks M3 for an order under the references of every earlier document of this exchange, as they were sent.

    The shop's order may have another customer or date by now; M3 would hold it under the old ones.

    Returns:
        The document and the number of its order, or None.

    Raises:
        NeedsPersonError: See `look_up`.
    """
    sent = {(one.cuno, one.yref): one for one in run.claim.documents if one.cuno and one.yref}
    for (customer, reference), document in sent.items():
        number = look_up(
            run, customer=customer or "", reference=reference or "", order_date=order_date, currency=currency
        )
        if number is not None:
            return document, number
    return None


def adopt(run: Run, document_kind: str, number: str, *, references: References, plan: dict[str, Any]) -> DocumentRecord:
    """Begins a document for an order that M3 holds already; the caller binds it.

    Args:
        run: This run.
        document_kind: What it is.
        number: The order's number.
        references: Under which it was found.
        plan: `expected` and `content`, as for a document of our own.
    """
    adopted = {**plan, "adopted": True}
    document = run.journal.begin_document(
        document_kind, m3_scope=run.store.m3_scope, references=references, plan=adopted
    )
    run.journal.audit("adopt", system="ledger", key=number, why="found in M3 by reference, customer and currency")
    return document
