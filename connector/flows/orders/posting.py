"""What every batch order goes through, be it an order or a return: what earlier runs left, the look-ups, Confirm, the proof.

Called by orders_to_m3 and refunds_to_m3. Each gives `bind`, which stages the pair of shop id and M3 number.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from connector.errors import PermanentError
from connector.flows import discarded
from connector.flows.context import Run
from connector.flows.orders import adopting, begun, building, confirming, proving, takeover
from connector.flows.orders.charge_names import CHARGES
from connector.flows.orders.plan import OrderPlan
from connector.ledger.document_records import DocumentRecord, References
from connector.ledger.people import use_up_rebuild
from connector.ledger.tables import DocumentState
from connector.ledger.tenure import Tenure
from connector.money.expected import Expected

Bind = Callable[[Run, DocumentRecord, str], DocumentRecord]


def resolve(run: Run, *, bind: Bind) -> DocumentRecord | None:
    """Finishes what earlier runs left open; returns the confirmed document, or None if there is none.

    A confirmed number is followed to its order; an unconfirmed batch order is deleted and will be built anew, unless a
    person released it in M3 meanwhile. What a person discarded is not confirmed again: it is only seen whether it came to be.
    """
    document = run.claim.live_document
    if document is None or document.state is DocumentState.CONFIRMED:
        return document
    number: str | None
    if document.state is DocumentState.BUILDING:
        number = takeover.clear(run, document)
    elif run.claim.discard is not None:
        number = confirming.look(run, document)
    elif not run.claim.rebuild:
        number = confirming.follow(run, document)
    else:
        number = confirming.give_up(run, document)
        use_up_rebuild(run.journal.connection, run.claim.exchange_id)
    return None if number is None else _bound(run, document, number, bind=bind)


def tidy(run: Run, *, bind: Bind) -> None:
    """Leaves nothing in M3 of a document that waits for a person, but what a person may want there: an order, or one confirmed.

    Raises:
        ConnectorError: Not now: it is tried again.
    """
    document = run.claim.live_document
    if document is not None and document.state is DocumentState.BUILDING:
        number = takeover.clear(run, document)
        if number is not None:
            _bound(run, document, number, bind=bind)
    takeover.clear_leftovers(run)


def _bound(run: Run, document: DocumentRecord, number: str, *, bind: Bind) -> DocumentRecord:
    """Binds what M3 made of an earlier run's document; that a person had discarded it before is over then."""
    discarded.forget(run)
    return bind(run, document, number)


def look_up_if_needed(
    run: Run,
    plan: OrderPlan,
    *,
    content: dict[str, object],
    created_at: datetime,
    is_marked: bool,
    held: Tenure | None,
) -> str | None:
    """Asks M3 for the order before its first write where this ledger may have forgotten it; see `adopting.may_be_known`."""
    is_forgotten = held is not None and held.may_be_forgotten(created_at)
    if not (is_forgotten or adopting.may_be_known(run, created_at=created_at, is_marked=is_marked)):
        return None
    number = look_up(run, plan)
    if number is None:
        begun.take_up(run, plan, content=content)
    return number


def look_up(run: Run, plan: OrderPlan) -> str | None:
    """Asks M3 for an order that is this one; see `adopting.look_up`."""
    head = plan.head.fields
    return adopting.look_up(
        run,
        customer=head["CUNO"],
        reference=head["YREF"],
        order_date=plan.values.order_date,
        currency=plan.money.currency,
    )


def look_up_before_second(
    run: Run, document: DocumentRecord, temporary: str, plan: OrderPlan
) -> tuple[DocumentRecord, str] | None:
    """Asks M3, before the Confirm of any second document, for an order under the references of those before it.

    If there is one, or a person must decide, the batch order just built is deleted.

    Returns:
        The earlier document and the number of its order, or None.
    """
    if not run.claim.documents:
        return None
    try:
        earlier = adopting.look_up_earlier(run, order_date=plan.values.order_date, currency=plan.money.currency)
    except PermanentError:
        building.delete(run, document, temporary)
        raise
    if earlier is not None:
        building.delete(run, document, temporary)
    return earlier


def confirm_and_prove(run: Run, document: DocumentRecord, temporary: str, *, bind: Bind) -> str:
    """Confirms a batch order, binds what it became and compares it with what was sent; returns the final number.

    Raises:
        AmountsDifferError: M3 holds something else; it is locked and never posted again.
        ConnectorError: See `confirming.confirm`.
    """
    number = confirming.confirm(run, document, temporary)
    differences = proving.find_differences(run, document, number)  # read first: one commit for all that follows
    proving.judge(run, bind(run, document, number), number, differences)
    return number


def adopt_known(
    run: Run,
    plan: OrderPlan,
    *,
    content: dict[str, object],
    number: str,
    bind: Bind,
    unexplained: Sequence[int] = (),
) -> None:
    """Adopts what M3 holds already under this reference, after the same proof as one of our own.

    Args:
        run: This run.
        plan: What would be sent.
        content: What it was made of.
        number: M3's.
        bind: Stages the pair of shop id and M3 number.
        unexplained: Refunds of which nobody knows whether M3 has taken them off it.
    """
    head = plan.head.fields
    references = References(cuno=head["CUNO"], yref=head["YREF"], cuor=head.get("CUOR"), ordt=plan.values.order_date)
    cupos = building.number_plan(run, plan)
    kept: dict[str, Any] = {
        "expected": Expected.of(plan.money, cupos=cupos).to_json(),
        "content": content,
        CHARGES: list(plan.charges),
    }
    if unexplained:
        kept[adopting.UNEXPLAINED] = list(unexplained)
    document = adopting.adopt(run, building.KIND, number, references=references, plan=kept)
    proving.prove(run, bind(run, document, number), number)
