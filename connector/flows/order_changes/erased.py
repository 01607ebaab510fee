"""An order whose buyer was erased in the shop, or that was deleted there for good: M3 keeps what it has, the ledger forgets.

Called by the flows of orders and refunds, before anything that may wait.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from connector.flows.acceptance import ACCEPTED, SHOWN
from connector.flows.context import Run
from connector.flows.order_changes.forms import FORM, form_of, present
from connector.flows.order_changes.keeping import CHANGE
from connector.flows.orders.left import LEFT, without_texts
from connector.flows.orders.personal import FORGOTTEN, PERSONAL_PATHS, emptied
from connector.flows.orders.plan import content_of
from connector.ledger.document_records import DocumentRecord, StepRecord
from connector.woocommerce.models import Order

STATES = "states"
"""Its name in the result of a step that left late (ledger/late_writes.py)."""
PAYMENT = ("order.transaction_id", "order.customer_id")
"""Emptied with the rest, and no person's by themselves."""


def forget(run: Run, order: Order | None, *, document: DocumentRecord | None = None) -> DocumentRecord | None:
    """Stages that no document of the order holds a piece of its buyer; returns one, as it stands in this run, without it.

    Amounts and lines stay as they were sent: a change of these is one as ever. So does what a person was shown or has settled.
    What is not finished is gone on with.
    """
    left = {} if order is None else content_of(run.store, order)
    if document is None:
        _forget(run, left)
        return None
    documents = (document if one.id == document.id else one for one in run.claim.documents)
    run.journal.claim = replace(run.claim, documents=tuple(documents))
    _forget(run, left)
    return next(one for one in run.claim.documents if one.id == document.id)


def forget_refund(run: Run) -> None:
    """Stages the same of the documents of a refund whose order is forgotten."""
    _forget(run, {})


def _forget(run: Run, left: Mapping[str, Any]) -> None:
    documents = tuple(_without_person(run, one, left) for one in run.claim.documents)
    run.journal.claim = replace(run.claim, documents=documents)


def _without_person(run: Run, document: DocumentRecord, left: Mapping[str, Any]) -> DocumentRecord:
    plan = {**_as_left(document.plan, left), FORGOTTEN: True}
    plan |= {name: _as_left(plan[name], left) for name in (SHOWN, ACCEPTED) if name in plan}
    if LEFT in plan:
        plan[LEFT] = without_texts(plan[LEFT])
    if CHANGE in plan and form_of(plan[CHANGE]) <= FORM:  # a newer one holds no texts either
        plan[CHANGE] = present(plan[CHANGE])
    document = replace(document, steps=tuple(_without_texts(run, step) for step in document.steps))
    return document if plan == document.plan else run.journal.replan(document, plan)


def _as_left(part: Mapping[str, Any], left: Mapping[str, Any]) -> dict[str, Any]:
    if "content" not in part:
        return dict(part)
    content = emptied(part["content"])
    goes = {key: value for key, value in left.items() if key in content and key.startswith((*PERSONAL_PATHS, *PAYMENT))}
    return {**part, "content": content | goes}


def _without_texts(run: Run, step: StepRecord) -> StepRecord:
    kept = step.result.get(STATES, [])
    states = [without_texts(one) for one in kept]
    if states == kept:
        return step
    result = {**step.result, STATES: states}
    run.journal.resolve(step.id, step.state, result)
    return replace(step, result=result)
