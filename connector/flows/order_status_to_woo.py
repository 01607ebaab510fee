"""Brings M3's word about an order back to the shop: its number, how far it is, what left, what was invoiced.

Run by workers/base.py in a pool of its own, so that a sick shop does not fill the order pool. What is written comes back as
`order.updated`; the order flow sees that no field it carries has changed. The first run, left by the posting, writes the number
and asks M3 nothing; all others begin with a look at M3.
"""

from __future__ import annotations

from datetime import timedelta
from functools import partial

from connector.errors import NotYetError, WooRejectedError
from connector.flows import tenure
from connector.flows.context import Run
from connector.flows.orders.source import UNKNOWN_ORDER
from connector.flows.orders.values import reference_of
from connector.flows.outcome import Done
from connector.flows.progress.notes import read_notes
from connector.flows.progress.telling import look_at_m3, tell
from connector.ledger import bindings
from connector.ledger.document_records import DocumentRecord, References, StepRecord
from connector.ledger.leaving import asked_again
from connector.ledger.succession import is_set_aside
from connector.ledger.tables import DocumentState, StepState
from connector.ledger.trail import TrailLine
from connector.woocommerce.models import Order, parse_order

KIND = "write_back"
META, NOTE, UNNOTE = "meta", "note", "unnote"
NUMBER_KEY = "_m3_order_number"
NOT_THERE = (UNKNOWN_ORDER, "woocommerce_rest_order_invalid_id", "woocommerce_rest_invalid_id")
"""The shop's own words for an order it does not have, as GET and PUT, the list of notes, and a note say it."""
AT_ONCE = timedelta(minutes=1)
"""A write-back that runs so soon after it was left runs for the first time, in whatever ledger."""


def run(run: Run) -> Done:
    """Writes to the shop's order what it lacks of its number and its progress in M3.

    Raises:
        OutcomeUnknownError: The note's answer was lost; the next run reads the notes first.
        NotYetError: A note of a worker that was lost may still arrive, or the shop lists no notes at all.
        NeedsPersonError: M3 refuses a part of what was to be read.
        RetryableError: The shop or M3 cannot be reached now.
    """
    if is_set_aside(run.claim.business_key):
        return Done("the shop gave the id to another order")
    bound = bindings.find_order(run.journal.connection, shop_scope=run.store.name, shop_key=run.claim.business_key)
    if bound is None:
        return Done("the order is not in M3")
    number, reference = bound
    document = run.claim.live_document or _begin(run)
    if document.final_number == number and not run.claim.is_doubtful:
        return Done(f"the shop knows {number}")
    words = f"the shop knows {number}"
    try:
        seen = look_at_m3(run, number) if run.claim.is_doubtful else None
        order = look_at_order(run)
        if order is not None and not is_same_order(run, order, reference):
            return Done("the shop gave the id to another order")
        if order is None or document.final_number != number or order.meta(NUMBER_KEY) != number:
            write_number(run, document, number)
            run.journal.change_document(document.id, state=DocumentState.CONFIRMED, final_number=number)
        take_back_doubled(run, document, number)
        if order is not None and seen is not None:
            wait = partial(wait_for_note, run)
            words = f"{words}; {tell(run, document, order, number=number, seen=seen, wait=wait)}"
    except WooRejectedError as error:
        if error.remote_code not in NOT_THERE:  # any other 404 may be a plug-in's or a proxy's
            raise
        return Done("the order does not exist in the shop any more")
    return Done(words, fingerprint=number)


def _begin(run: Run) -> DocumentRecord:
    return run.journal.begin_document(KIND, m3_scope=run.store.m3_scope, references=References(), plan={})


def look_at_order(run: Run) -> Order | None:
    """Returns the shop's order; None in the first, quick, run, which knows it from its posting a moment ago."""
    if run.claim.claim_no == 1 and not run.claim.is_doubtful:
        return None
    run.journal.pause()
    return parse_order(run.store.shop.get_order(int(run.claim.business_key)).data)


def is_same_order(run: Run, order: Order, reference: str | None) -> bool:
    """Tells whether the shop's order is still the one that was posted.

    A shop that was restored gives ids a second time; the order flow is told to look at the other order.
    """
    if reference in (None, reference_of(run.store.name, order)):
        return True
    run.leave(asked_again(run.store.name, order.id, flow="orders_to_m3", pool="orders"))
    return False


def write_number(run: Run, document: DocumentRecord, number: str) -> None:
    """Writes the meta (absolute, so it may be written twice) and the note (once: looked for first if it may be there).

    It may be there if an earlier run may have written it, or if this ledger may be older than the note (restored, second
    installation): then the run comes late, or was left as doubtful by an order that was found in M3.
    """
    tenure.require(run)
    order_id = int(run.claim.business_key)
    text = note_of(number)
    last = document.step(NOTE)
    wait_for_note(run, last)
    is_late = run.claim.now - run.claim.first_seen_at > AT_ONCE
    may_be_noted = last is not None or is_late or run.claim.is_doubtful
    is_noted = may_be_noted and bool(_noted(run, document, text))
    meta = {"meta_data": [{"key": NUMBER_KEY, "value": number}]}
    put = TrailLine(action="PUT order meta", system="shop", key=str(order_id), after={NUMBER_KEY: number})
    noted = TrailLine(action="POST order note", system="shop", key=str(order_id), after={"note": text})
    meta_intent = run.journal.intend(document.id, META, request=meta, told=[put], part=None)
    note_intent = None if is_noted else run.journal.intend(document.id, NOTE, request=text, told=[noted], part=None)
    run.journal.send(meta_intent, lambda: run.store.shop.put_order(order_id, meta))
    run.journal.mark(meta_intent, StepState.DONE, {})
    run.journal.tell([put])
    if note_intent is not None:
        run.journal.send(note_intent, lambda: run.store.shop.add_note(order_id, text))
        run.journal.mark(note_intent, StepState.DONE, {})
        run.journal.tell([noted])


def note_of(number: str) -> str:
    """Returns the note that tells staff M3's number of an order."""
    return f"M3 order {number}"


def take_back_doubled(run: Run, document: DocumentRecord, number: str) -> None:
    """Deletes a note that stands there twice.

    A worker may stop between its last look at its lease and the first byte of the note, and wake after another one has told
    it: nothing holds that note back. It is asked about only where two were on their way.
    """
    if sum(step.name == NOTE and step.state is not StepState.REFUSED for step in document.steps) < 2:
        return
    order_id = int(run.claim.business_key)
    for note_id in _noted(run, document, note_of(number))[1:]:
        before, why = {"note": note_id}, "told twice"
        told = TrailLine(action="DELETE order note", system="shop", key=str(order_id), before=before, why=why)
        intent = run.journal.intend(document.id, UNNOTE, request=note_id, told=[told], part=None)
        run.journal.send(intent, partial(run.store.shop.delete_note, order_id, note_id))
        run.journal.mark(intent, StepState.DONE, {})
        run.journal.tell([told])


def wait_for_note(run: Run, last: StepRecord | None) -> None:
    """Waits for a note that a killed worker may have sent: the shop may still be at it, and cannot be asked about that.

    Raises:
        NotYetError: The settle time since it was intended is not over.
    """
    if last is None or not last.is_open:
        return
    settled_at = last.intended_at + timedelta(seconds=run.store.settle_s)
    if run.claim.now < settled_at:
        raise NotYetError(
            "A note to the shop's order was begun by a worker that was lost; it may still arrive.",
            retry_after_s=(settled_at - run.claim.now).total_seconds(),
            resolution="Nothing to do: the notes are read after the settle time.",
        )


def _noted(run: Run, document: DocumentRecord, text: str) -> list[int]:
    """Returns the numbers of the notes that say it, the first one first; there should be one at most."""
    return sorted(int(note["id"]) for note in read_notes(run, document) if note.get("note") == text)
