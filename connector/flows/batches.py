"""The run of a batch flow: takes what is due, lets the flow carry it, writes in batches. Used by items, prices and stock.

Every write is absolute, so one whose answer was lost is not hunted: what it was for is compared again once it can arrive no
more. Only a write that makes something new is waited for first. After a lost answer the next batches of the flow are smaller,
for the shop may be too slow for so many before something in between gives up; they grow again.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar

from connector.errors import NotYetError, OutcomeUnknownError
from connector.flows import tenure
from connector.flows.context import Run
from connector.flows.outcome import Done
from connector.ledger.document_records import DocumentRecord, References
from connector.ledger.fenced import Staged
from connector.ledger.offers import (
    ALL,
    LEAVE_OFFERS,
    POSTPONE_OFFERS,
    SETTLE_OFFERS,
    Offer,
    Result,
    next_due_in_s,
    postponed,
    settled,
    take_due,
)
from connector.ledger.trail import TrailLine
from connector.ledger.waking import wake
from connector.woocommerce.batches import MOST_ELEMENTS, BatchSize

KIND = "batch"
CREATE, UPDATE = "create", "update"
RUN_S = 10.0
"""After this a run ends and its exchange is due again, so that the other stores of the pool have their turn."""

T = TypeVar("T")


@dataclass(frozen=True)
class Pace:
    """How offers are gathered: at most so many at a time; a burst of news about one item is waited out."""

    most: int = 100
    quiet_s: float = 0.0
    longest_s: float = 0.0


def carry(run: Run, *, flow: str, pace: Pace, work: Callable[[list[Offer]], Iterable[Result]]) -> Done:
    """Takes due offers again and again until none is left or the run's time is over.

    Args:
        run: The run of the flow's exchange.
        flow: Whose offers.
        pace: How they are gathered.
        work: Carries some offers and returns what became of each; one it returns nothing for stays due and is not taken
            again in this run.

    Raises:
        NotYetError: A batch of a worker that was lost may still make something new in the shop.
        ConnectorError: From `work`: nothing of this batch is settled.
    """
    clear_up(run, flow=flow)
    deadline = time.monotonic() + RUN_S
    carried = 0
    while time.monotonic() < deadline:
        offers = _gather(run, flow=flow, pace=pace, until_s=deadline)
        if not offers:
            return Done(f"{carried} items looked at" if carried else "nothing is due")
        run.journal.pause()
        results = list(work(offers))
        run.journal.stage(SETTLE_OFFERS, **settled(run.store.name, flow=flow, results=results))
        run.journal.commit()
        carried += len(results)
        if len(results) < len(offers):
            break
    run.messages.extend(wake(run.journal.connection, run.store.name, flow=flow, business_key=ALL))
    return Done(f"{carried} items looked at, more are due")


def _gather(run: Run, *, flow: str, pace: Pace, until_s: float) -> list[Offer]:
    """Returns due offers, after waiting out a burst; none if nothing is due before the run's time is over."""
    while True:
        connection = run.journal.connection
        offers = take_due(
            connection,
            run.store.name,
            flow=flow,
            most=pace.most,
            quiet_s=pace.quiet_s,
            longest_s=pace.longest_s,
        )
        if offers:
            return offers
        wait_s = next_due_in_s(connection, run.store.name, flow=flow, quiet_s=pace.quiet_s, longest_s=pace.longest_s)
        if wait_s is None or time.monotonic() + wait_s > until_s:
            return []
        run.journal.pause()
        time.sleep(max(wait_s, 0.01))


def write(
    run: Run,
    *,
    flow: str,
    name: str,
    items: Sequence[str],
    request: object,
    told: Sequence[TrailLine],
    send: Callable[[], T],
    if_late: Sequence[Staged] = (),
) -> T | None:
    """Sends one batch, intended before it as a step of a document that is forgotten once the answer was read.

    Args:
        run: The run.
        flow: Whose offers the batch is for.
        name: CREATE for a batch that makes something new, else UPDATE or another: absolute values, harmless when they arrive twice.
        items: The item numbers it is for.
        request: What is sent; only its digest is kept.
        told: What the audit trail says of each element if the answer is lost; else the caller tells of those that were taken.
        send: Sends it.
        if_late: What is written down, besides that the items are due again, if the lease was lost when it was sent.

    Returns:
        The answer; None if it was lost and the batch only held absolute values: its items are due again after the settle
        time, to be compared once more.

    Raises:
        OutcomeUnknownError: The answer of a CREATE was lost; the next run waits, then looks.
        NotTenantError: Another installation writes for the store.
        ConnectorError: It was surely not executed.
    """
    tenure.require(run)
    size = batch_size(run, flow=flow)
    document = run.journal.begin_document(
        KIND, m3_scope=run.store.m3_scope, references=References(), plan={"items": list(items), "name": name}
    )
    intent = run.journal.intend(document.id, name, request=request, told=told, part=None)
    try:
        late = [(POSTPONE_OFFERS, _compared_again(run, flow, items, in_s=0)), *if_late]
        answer = run.journal.send(intent, send, if_late=late)
    except OutcomeUnknownError:
        _keep_size(run, flow=flow, size=size.halved())
        if name == CREATE:
            raise
        _postpone(run, flow=flow, items=items, in_s=run.store.settle_s)
        run.journal.forget_document(document.id)
        return None
    _keep_size(run, flow=flow, size=size.grown())
    run.journal.forget_document(document.id)
    return answer


def batch_size(run: Run, *, flow: str) -> BatchSize:
    """Returns how many elements the next batch of a flow takes; kept for each store as long as the process lives."""
    return BatchSize(int(run.store.remembered.get(_size_of(flow), MOST_ELEMENTS)))


def _keep_size(run: Run, *, flow: str, size: BatchSize) -> None:
    run.store.remembered[_size_of(flow)] = str(size.elements)


def _size_of(flow: str) -> str:
    return f"elements of a batch of {flow}"


def leave(run: Run, *, flow: str, part: str) -> Done:
    """Ends what news made due of a flow that the store does not publish.

    What M3 said of these items counts as unread, so that the next whole reading carries them if the part is published again.

    Args:
        run: The run.
        flow: Whose offers.
        part: Of the store file, which would publish it.
    """
    run.journal.stage(LEAVE_OFFERS, store=run.store.name, flow=flow)
    return Done(f"this store does not publish {part} (publish.{part} of its file)")


def clear_up(run: Run, *, flow: str) -> None:
    """Ends the document of a batch whose run was cut off.

    Raises:
        NotYetError: It may still make something new in the shop; looked at again when it cannot any more.
    """
    document = run.claim.live_document
    if document is None:
        return
    left_s = _arrives_for_s(run, document)
    if left_s > 0 and document.plan.get("name") == CREATE:
        raise NotYetError(
            "A batch of new products was begun by a run that was cut off; it may still arrive.",
            retry_after_s=left_s,
            resolution="Nothing to do: the shop is asked for them by SKU after the settle time.",
        )
    if left_s > 0:
        _postpone(run, flow=flow, items=document.plan.get("items", []), in_s=left_s)
    run.journal.forget_document(document.id)


def _arrives_for_s(run: Run, document: DocumentRecord) -> float:
    """Returns for how many seconds a write of this document may still take effect."""
    open_steps = [step for step in document.steps if step.is_open]
    ends = [step.intended_at + timedelta(seconds=run.store.settle_s) for step in open_steps]
    return max(((end - run.claim.now).total_seconds() for end in ends), default=0.0)


def _postpone(run: Run, *, flow: str, items: Sequence[str], in_s: float) -> None:
    run.journal.stage(POSTPONE_OFFERS, **_compared_again(run, flow, items, in_s=in_s))


def _compared_again(run: Run, flow: str, items: Sequence[str], *, in_s: float) -> dict[str, Any]:
    return postponed(run.store.name, flow=flow, item_numbers=items, in_s=in_s)
