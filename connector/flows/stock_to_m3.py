"""Brings a quantity corrected by hand in the shop to M3, as the store's rule says. Run by workers/base.py.

Left by the stock flow when it finds one. `report` and `overwrite` put M3's figure back in the shop; `count` and `adjust` book the
difference in M3. What was on hand before is kept with the document, so that a second run sees whether the first one booked.
"""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from connector.errors import NotYetError, PermanentError
from connector.flows import tenure
from connector.flows.context import Run
from connector.flows.outcome import Done
from connector.flows.stock.correcting import Correction, read_correction
from connector.flows.stock.late_orders import taken_late, wait_for_orders
from connector.ledger.document_records import DocumentRecord, References
from connector.ledger.offers import ALL
from connector.ledger.stock_offers import KEEP_BASELINE, baseline
from connector.ledger.tables import StepState
from connector.ledger.trail import TrailLine, looked_up
from connector.ledger.waking import wake
from connector.m3.client import Call
from connector.m3.programs import counts
from connector.m3.rejections import already_exists
from connector.publishing.stock import ByHand, Corrections
from connector.woocommerce.product_models import parse_product

KIND, BOOK = "stock_correction", "book"
STOCK_FLOW = "stock_to_woo"
COUNTED_AGAIN_S = 600.0


def run(run: Run) -> Done:
    """Books a correction in M3, or hands it to a person.

    Raises:
        PermanentError: A person decides: the rule says so, it is too large, or M3's stock moved meanwhile.
        NotYetError: M3 is counting the item, or an earlier booking may still arrive.
        OutcomeUnknownError: The answer was lost; the next run looks.
    """
    correction = read_correction(run.claim.body)
    stock = run.store.config.publish.stock
    if stock is None:
        return Done("stock is not published")
    rules = stock.corrections
    document = run.claim.live_document
    if document is not None:
        return _follow(run, document, correction, rules)
    wait_for_orders(run, correction)
    taken = taken_late(run, correction)
    if taken and Decimal(correction.expected) - taken == Decimal(correction.seen):
        return _explained(run, correction, rules)
    if taken:
        raise _for_person(run, correction, f"Orders that were heard of late took {taken:f}; somebody changed the rest.")
    if rules.by_hand is ByHand.REPORT:
        raise _for_person(run, correction, "M3's figure was put back in the shop.")
    if rules.by_hand is ByHand.OVERWRITE:
        return Done("M3's figure was put back in the shop")
    if not _still_stands(run, correction):
        return _end(run, correction, "the shop's quantity was changed again; it is looked at anew", is_booked=False)
    return _book(run, correction, rules)


def _explained(run: Run, correction: Correction, rules: Corrections) -> Done:
    reason = "orders that were heard of late explain it"
    if rules.by_hand in (
        ByHand.REPORT,
        ByHand.OVERWRITE,
    ):  # the stock flow has written since, and counts them by itself
        return Done(reason)
    return _end(run, correction, reason, is_booked=False)


def _still_stands(run: Run, correction: Correction) -> bool:
    run.journal.pause()
    row = run.store.shop.products.by_sku([correction.sku]).get(correction.sku, [])
    return len(row) == 1 and parse_product(row[0]).stock_quantity == Decimal(correction.seen)


def _book(run: Run, correction: Correction, rules: Corrections) -> Done:
    """Books the difference; what is there before, and what has to be there after, is committed before it is sent."""
    location = _read_location(run, correction, rules)
    if location.is_being_counted:
        raise NotYetError(
            f"M3 is counting item {correction.item_number} in {run.store.config.m3.warehouse}.",
            retry_after_s=COUNTED_AGAIN_S,
            resolution="Nothing to do: the correction is booked when the count is over.",
        )
    target = location.on_hand + correction.difference
    if abs(correction.difference) > rules.most:
        raise _for_person(run, correction, f"It is more than {rules.most:f} basic units, so it was not booked in M3.")
    if target < 0:
        raise _for_person(run, correction, f"M3 holds only {location.on_hand:f} there, so it was not booked.")
    tenure.require(run)
    plan = {"before": f"{location.on_hand:f}", "target": f"{target:f}"}
    document = run.journal.begin_document(KIND, m3_scope=run.store.m3_scope, references=References(), plan=plan)
    call = _call(run, correction, rules, target=target)
    told = TrailLine(
        action=run.store.m3.name_of(call),
        system="m3",
        key=correction.item_number,
        before={"on_hand": plan["before"]},
        after={"on_hand": plan["target"]},
        why=f"changed by hand in the shop from {correction.expected} to {correction.seen}",
    )
    intent = run.journal.intend(document.id, BOOK, request=dict(call.fields), told=[told], part=None)
    answer = run.journal.send(intent, lambda: run.store.m3.write([call]))[0]
    if answer.error is not None and not already_exists(answer.error):
        run.journal.mark(intent, StepState.REFUSED, {"code": answer.error.code})
        run.journal.forget_document(document.id)
        raise answer.error
    run.journal.mark(intent, StepState.DONE, {})
    if answer.error is None:
        run.journal.tell([told])
    on_hand = _read_location(run, correction, rules).on_hand
    if on_hand != target:
        raise _not_there(run, document, correction, on_hand=on_hand, target=target)
    return _booked(run, document, correction)


def _call(run: Run, correction: Correction, rules: Corrections, *, target: Decimal) -> Call:
    item, warehouse = correction.item_number, run.store.config.m3.warehouse
    if rules.by_hand is ByHand.COUNT:
        return counts.count(
            item,
            warehouse=warehouse,
            location=rules.location,
            quantity=target,
            reason=rules.reason,
            remark=f"shop {run.store.name}",
        )
    return counts.adjust(
        item,
        warehouse=warehouse,
        location=rules.location,
        difference=correction.difference,
        reason=rules.reason,
        partner=rules.partner,
        key=f"WOO{run.claim.newest_delivery_id or 0}",
    )


def _follow(run: Run, document: DocumentRecord, correction: Correction, rules: Corrections) -> Done:
    """Sees what became of a booking that was not proved: M3's stock says it.

    A count that surely is not there is sent again, for it says the same twice. A difference is not, for one that arrives after
    all would be booked on top of it.
    """
    _wait_out(run, document)
    on_hand, target = _read_location(run, correction, rules).on_hand, Decimal(document.plan["target"])
    step = document.step(BOOK)
    state = step.state if step is not None else None
    if step is not None and step.is_open:
        what = {"before": document.plan["before"], "target": document.plan["target"]}
        run.journal.tell(
            [looked_up("stock correction", key=correction.item_number, is_there=on_hand == target, **what)]
        )
    if on_hand == target:
        return _booked(run, document, correction)
    if state is StepState.DONE:
        raise _not_there(run, document, correction, on_hand=on_hand, target=target)
    if on_hand != Decimal(document.plan["before"]):
        run.journal.forget_document(document.id)
        raise _for_person(
            run, correction, "Whether it was booked in M3 is not known, for other stock moved there meanwhile."
        )
    run.journal.forget_document(document.id)
    if rules.by_hand is ByHand.ADJUST and step is not None and step.is_open:
        raise _for_person(run, correction, "The answer of M3 was lost and it is not booked there, but may still be.")
    return _book(run, correction, rules)


def _not_there(
    run: Run, document: DocumentRecord, correction: Correction, *, on_hand: Decimal, target: Decimal
) -> PermanentError:
    """Ends a booking that M3 said OK to and does not show."""
    run.journal.forget_document(document.id)
    return _for_person(
        run, correction, f"M3 took the booking, but holds {on_hand:f} there and not {target:f}: look what else moved."
    )


def _wait_out(run: Run, document: DocumentRecord) -> None:
    open_steps = [step for step in document.steps if step.is_open]
    ends = [step.intended_at + timedelta(seconds=run.store.settle_s) for step in open_steps]
    left_s = max(((end - run.claim.now).total_seconds() for end in ends), default=0.0)
    if left_s > 0:
        raise NotYetError(
            "The booking of a stock correction may still arrive in M3.",
            retry_after_s=left_s,
            resolution="Nothing to do: M3's stock is read after the settle time.",
        )


def _read_location(run: Run, correction: Correction, rules: Corrections) -> counts.Location:
    run.journal.pause()
    warehouse = run.store.config.m3.warehouse
    call = counts.get_location(correction.item_number, warehouse=warehouse, location=rules.location)
    return counts.read_location(run.store.m3.read([call])[0])


def _booked(run: Run, document: DocumentRecord, correction: Correction) -> Done:
    run.journal.forget_document(document.id)
    return _end(run, correction, f"booked in M3: {correction.difference:f} basic units", is_booked=True)


def _end(run: Run, correction: Correction, reason: str, *, is_booked: bool) -> Done:
    """Lets the stock flow look at the item again; what was booked is what the shop is known to hold."""
    quantity = correction.seen if is_booked else correction.expected
    run.journal.stage(
        KEEP_BASELINE,
        **baseline(run.store.name, item_number=correction.item_number, quantity=quantity, sold=correction.sold),
    )
    run.messages += wake(run.journal.connection, run.store.name, flow=STOCK_FLOW, business_key=ALL)
    return Done(reason)


def _for_person(run: Run, correction: Correction, what: str) -> PermanentError:
    return PermanentError(
        f"The stock of SKU {correction.sku} was changed by hand in the shop from {correction.expected} to "
        f"{correction.seen}. {what}",
        resolution=f"If the shop is right, count item {correction.item_number} in MMS310 "
        f"({correction.difference:+f} in its basic unit). Then discard this exchange: connector dead-letters discard "
        f"{run.claim.exchange_id}",
    )
