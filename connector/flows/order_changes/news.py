"""What is new in the shop about an order that M3 has; tells at once, without asking M3, when nothing is. Called by following.py."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from connector.flows.context import Run
from connector.flows.orders.plan import content_of
from connector.ledger.claims import DocumentRecord
from connector.ledger.documents import accepted_body
from connector.ledger.tables import StepState
from connector.stores import OrderAction
from connector.woocommerce.models import Order, parse_order


class Standing(StrEnum):
    """What an order is in M3, as the connector left it."""

    OPEN = "open"
    CLOSED = "closed"  # all lines ended, no charges
    DELETED = "deleted"


@dataclass(frozen=True)
class News:
    """What the shop says now beside what M3 was brought to.

    `order` is None if the shop does not have it any more. `keys` are the parts of the content that changed since, `ends` says
    that the order is to be closed in M3, `was_ended` that it is. `is_settled` means that there is nothing to do.
    """

    order: Order | None
    before: dict[str, Any]
    after: dict[str, Any]
    keys: tuple[str, ...]
    ends: bool
    was_ended: bool
    is_settled: bool
    is_by_person: bool = False

    @property
    def held(self) -> dict[str, Any]:
        """The content as M3 holds it by what is known: none of the lines once it was ended."""
        return nothing_of(self.before) if self.was_ended else self.before


def nothing_of(content: dict[str, Any]) -> dict[str, Any]:
    """Returns the content of an order of which M3 has closed all lines."""
    return {**content, "money": {**content["money"], "line_items": []}}


def standing_of(document: DocumentRecord) -> Standing:
    """Returns what the connector made of the order last."""
    return Standing(document.plan.get("standing", Standing.OPEN))


def change_of(document: DocumentRecord) -> dict[str, Any] | None:
    """Returns what is kept of a change that was begun and may not be over."""
    kept: dict[str, Any] | None = document.plan.get("change")
    return kept


def is_under_way(document: DocumentRecord) -> bool:
    """Tells whether M3 may hold anything between two states of the order."""
    change = change_of(document)
    return change is not None and not change.get("done")


def read_news(run: Run, document: DocumentRecord, order: Order | None) -> News:
    """Compares the newest order with what M3 was brought to, or with what a person has settled since."""
    body = accepted_body(run.journal.connection, run.claim.fingerprint)
    accepted = None if body is None else parse_order(body)
    before = document.plan["content"] if accepted is None else content_of(run.store, accepted)
    after = before if order is None else content_of(run.store, order)
    # A field that only one side has came or went with a line of the mapping file; nobody changed the order.
    keys = tuple(sorted(key for key in before.keys() & after.keys() if before[key] != after[key]))
    standing = standing_of(document)
    ends = _ends(run, order, standing)
    was_ended = standing is not Standing.OPEN
    if accepted is not None:
        was_ended = order is None or run.store.config.orders.action(accepted.status) is OrderAction.CLOSE
    is_same = ends == was_ended and (ends or not keys)
    is_looked_at = is_under_way(document) or is_watched(document, run.claim.now)
    return News(
        order=order,
        before=before,
        after=after,
        keys=keys,
        ends=ends,
        was_ended=was_ended,
        is_settled=is_same and (accepted is not None or not is_looked_at),
        is_by_person=accepted is not None,
    )


def _ends(run: Run, order: Order | None, standing: Standing) -> bool:
    """A status that neither ends nor confirms leaves the order as it is: open, or closed."""
    if order is None:
        return True
    action = run.store.config.orders.action(order.status)
    if action is OrderAction.CLOSE:
        return True
    return action is not OrderAction.CONFIRM and standing is not Standing.OPEN


def is_watched(document: DocumentRecord, now: datetime) -> bool:
    """Tells whether a write whose answer was lost may have taken effect after M3 was looked at, and a look is due."""
    looks = [step.result.get("look_at") for step in document.steps if step.state is StepState.UNKNOWN]
    return change_of(document) is not None and any(at and datetime.fromisoformat(at) <= now for at in looks)
