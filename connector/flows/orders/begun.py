"""Takes up a batch order that was begun for an order and is unknown to this ledger. Called by orders_to_m3 before it builds.

Such a one is left by a ledger that was put back to an older dump, or by an installation that this one replaced. One that M3
was asked to release belongs to the order for good; one that nobody tried to release is deleted, as any without its answer.
"""

from __future__ import annotations

from connector.errors import NotYetError
from connector.flows.context import Run
from connector.flows.orders import building
from connector.flows.orders.charge_names import CHARGES
from connector.flows.orders.plan import OrderPlan
from connector.flows.orders.takeover import list_unknown
from connector.ledger.document_records import References
from connector.ledger.tables import DocumentState, StepState
from connector.m3.programs.batch_orders import ListedBatchHead
from connector.m3.programs.ois275mi import BatchStatus
from connector.money.expected import Expected

TRIED = (
    BatchStatus.ERROR_IN_HEAD,
    BatchStatus.ERROR_IN_LINE,
    BatchStatus.CREDIT_STOPPED,
    BatchStatus.INTERRUPTED,
    BatchStatus.CREATED,
)
"""A batch order at one of these was confirmed by somebody."""


def take_up(run: Run, plan: OrderPlan, *, content: dict[str, object]) -> None:
    """Writes a document down for a batch order of this reference, so that the next run finishes it.

    Raises:
        NotYetError: There is one; the next run follows or deletes it.
        NeedsPersonError: The customer has too many batch orders to tell.
    """
    head = plan.head.fields
    found = list_unknown(run, customer=head["CUNO"], reference=head["YREF"])
    if not found:
        return
    cupos = building.number_plan(run, plan)
    document = run.journal.begin_document(
        building.KIND,
        m3_scope=run.store.m3_scope,
        references=References(cuno=head["CUNO"], yref=head["YREF"], cuor=head.get("CUOR"), ordt=plan.values.order_date),
        plan={
            "expected": Expected.of(plan.money, cupos=cupos).to_json(),
            "content": content,
            CHARGES: list(plan.charges),
            "adopted": True,
        },
    )
    tried = [one for one in found if one.status in TRIED]
    if tried:
        _follow(run, document.id, tried[0])
    intent = run.journal.intend(document.id, building.HEAD, request="begun by another ledger", told=[])
    run.journal.mark(intent, StepState.UNKNOWN, {})
    run.journal.commit()
    raise NotYetError(
        f"M3 holds a batch order of this reference that this ledger did not begin ({_named(found)}).",
        retry_after_s=run.store.settle_s,
        resolution="Nothing to do: it is deleted when it is seen unchanged, and the order is built anew.",
    )


def _follow(run: Run, document_id: int, head: ListedBatchHead) -> None:
    temporary = head.temporary_number
    run.journal.change_document(document_id, state=DocumentState.CONFIRMING, temporary_number=temporary)
    run.journal.audit("adopt", system="ledger", key=temporary, why=f"batch order of this reference at {head.status}")
    run.journal.commit()
    raise NotYetError(
        f"M3 holds batch order {temporary} of this reference at status {head.status}, which another ledger began.",
        retry_after_s=0,
        resolution="Nothing to do: it is followed to its order.",
    )


def _named(found: list[ListedBatchHead]) -> str:
    return ", ".join(sorted(one.temporary_number for one in found))
