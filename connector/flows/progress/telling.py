"""Brings M3's progress of an order to the shop: one PUT for status and meta, and one note a fact. Called by order_status_to_woo.py.

The PUT is absolute, so it may be sent twice. A note is looked for before it is told, whatever the ledger knows: the ledger may
be older than the note. What a note told is kept with the end of its step.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from connector.errors import NeedsPersonError
from connector.flows import tenure
from connector.flows.context import Run
from connector.flows.progress.notes import read_notes
from connector.flows.progress.reading import Seen, read
from connector.flows.progress.wanted import Note, wanted
from connector.ledger import order_progress
from connector.ledger.document_records import DocumentRecord, StepRecord
from connector.ledger.in_flight import FINISHED_SALE
from connector.ledger.order_progress import SEE, TELL, facts_of
from connector.ledger.tables import StepState
from connector.ledger.trail import TrailLine
from connector.stores.progress import Stage
from connector.woocommerce.canonical import JSONDict
from connector.woocommerce.models import Order

PROGRESS, TOLD = "progress", "told"


def look_at_m3(run: Run, number: str) -> Seen | None:
    """Asks M3 how far the order is; None if the store does not carry it.

    Raises:
        ConnectorError: M3 cannot be asked now.
    """
    if not run.store.config.orders.progress.carry:
        return None
    run.journal.pause()
    return read(run.store, number)


def tell(
    run: Run,
    document: DocumentRecord,
    order: Order,
    *,
    number: str,
    seen: Seen,
    wait: Callable[[StepRecord | None], None],
) -> str:
    """Writes what the shop lacks.

    Args:
        run: This run.
        document: Its write-back.
        order: As the shop has it now.
        number: Of M3.
        seen: What M3 says.
        wait: Waits for a note that an earlier run may have sent.

    Returns:
        What there is to say of it.

    Raises:
        OutcomeUnknownError: The answer to a write was lost; the next run looks first.
        NotYetError: A note of a worker that was lost may still arrive, or the shop lists no notes at all.
        NeedsPersonError: M3 refuses a part of what was to be read; the rest was told.
    """
    lacks = wanted(run.store.config.orders.progress, seen, order, number=number)
    untold = _untold(run, document, lacks.notes, wait=wait)
    if lacks.changes or untold:
        tenure.require(run)
    if lacks.changes:
        before = {"status": order.status} if lacks.status else {}
        before |= {key: str(order.meta(key) or "") for key in lacks.meta}
        _put(run, document, order.id, lacks.changes, before=before, why=seen.in_words)
    for note in untold:
        _note(run, document, order.id, note)
    if seen.trouble is not None:
        raise NeedsPersonError(
            f"M3 lets only a part of the progress of order {number} be read: {seen.trouble.message}",
            resolution="Allow the program for the M3 user, bind another one under `operations`, or leave it out: "
            "orders.progress.deliveries: none, orders.progress.invoices: false. It is looked at again by itself.",
        )
    keep_seen(run, seen)
    return seen.in_words


def keep_seen(run: Run, seen: Seen) -> None:
    """Stages how far the order is, and whether anything is to come."""
    is_finished = seen.stage is Stage.INVOICED or (seen.stage is None and set(seen.statuses) <= {"99"})
    run.journal.stage(
        SEE, store=run.store.name, shop_key=run.claim.business_key, seen=seen.mark, is_finished=is_finished
    )
    if is_finished:
        run.journal.stage(FINISHED_SALE, store=run.store.name, order_id=int(run.claim.business_key))


def _untold(
    run: Run,
    document: DocumentRecord,
    notes: Sequence[Note],
    *,
    wait: Callable[[StepRecord | None], None],
) -> list[Note]:
    """Returns the notes the shop's order does not have; those it has although the ledger does not know are kept as told."""
    told = order_progress.told_facts(run.journal.connection, run.store.name, order_id=run.claim.business_key)
    missing = [note for note in notes if note.fact not in told]
    if not missing:
        return []
    wait(document.step(TOLD))
    texts = [str(one.get("note", "")) for one in read_notes(run, document)]
    there = [note for note in missing if any(note.looks_like.fullmatch(one) for one in texts)]
    if there:
        _keep_told(run, there)
    return [note for note in missing if note not in there]


def _put(
    run: Run, document: DocumentRecord, order_id: int, changes: JSONDict, *, before: dict[str, str], why: str
) -> None:
    told = TrailLine(action="PUT order", system="shop", key=str(order_id), before=before, after=changes, why=why)
    intent = run.journal.intend(document.id, PROGRESS, request=changes, told=[told], part=None)
    run.journal.send(intent, partial(run.store.shop.put_order, order_id, changes))
    run.journal.mark(intent, StepState.DONE, {})
    run.journal.tell([told])


def _note(run: Run, document: DocumentRecord, order_id: int, note: Note) -> None:
    after = {"note": note.text, "for_customer": note.for_customer}
    told = TrailLine(action="POST order note", system="shop", key=str(order_id), after=after, why=note.fact)
    intent = run.journal.intend(document.id, TOLD, request=note.text, told=[told], part=None)
    run.journal.send(intent, partial(run.store.shop.add_note, order_id, note.text, customer_note=note.for_customer))
    run.journal.mark(intent, StepState.DONE, {"fact": note.fact})
    _keep_told(run, [note])
    run.journal.tell([told])


def _keep_told(run: Run, notes: Sequence[Note]) -> None:
    facts = facts_of([note.fact for note in notes])
    run.journal.stage(TELL, store=run.store.name, shop_key=run.claim.business_key, facts=facts)
