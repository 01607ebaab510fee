"""What is new in the shop about an order that M3 has; tells at once, without asking M3, when nothing is. Called by following.py."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from connector.flows.acceptance import Shown, accepted_of
from connector.flows.context import Run
from connector.flows.order_changes.keeping import is_under_way
from connector.flows.order_changes.reduced import is_nothing
from connector.flows.orders.plan import content_of
from connector.ledger.document_records import DocumentRecord
from connector.money.rounding import ZERO
from connector.stores.orders import OrderAction
from connector.woocommerce.models import Order


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
    is_known: bool = True  # what the shop's status means; also if a person has settled that

    @property
    def held(self) -> dict[str, Any]:
        """The content as M3 holds it by what is known: none of the lines once it was ended."""
        return nothing_of(self.before) if self.was_ended else self.before

    @property
    def shown(self) -> Shown:
        """What a person would settle by discarding."""
        return Shown(self.after, self.ends, "" if self.order is None else self.order.status)


def nothing_of(content: dict[str, Any]) -> dict[str, Any]:
    """Returns the content of an order of which M3 has closed all lines."""
    return {**content, "money": {**content["money"], "line_items": []}}


def standing_of(document: DocumentRecord) -> Standing:
    """Returns what the connector made of the order last."""
    return Standing(document.plan.get("standing", Standing.OPEN))


def rounding_left_of(document: DocumentRecord) -> Decimal:
    """Returns how much more M3's order comes to than the shop's, since its rounding could not be changed while M3 picked it."""
    if standing_of(document) is not Standing.OPEN:
        return ZERO
    plan = document.plan
    return Decimal(plan["expected"]["total"]) - Decimal(plan["content"]["money"]["total"])


def read_news(run: Run, document: DocumentRecord, order: Order | None) -> News:
    """Compares the newest order with what M3 was brought to, or with what a person has settled since."""
    accepted = accepted_of(document)
    before = document.plan["content"] if accepted is None else accepted.content
    after = before if order is None else content_of(run.store, order)
    # A field that only one side has came or went with a line of the mapping file; nobody changed the order.
    keys = tuple(sorted(key for key in before.keys() & after.keys() if before[key] != after[key]))
    was_ended = standing_of(document) is not Standing.OPEN if accepted is None else accepted.ends
    ends = _ends(run, order, was_ended=was_ended)
    is_same = ends == was_ended and (ends or not keys)
    statuses = run.store.config.orders
    is_known = (
        order is None or statuses.knows(order.status) or (accepted is not None and accepted.status == order.status)
    )
    is_looked_at = is_under_way(document) or is_watched(document, run.claim.now)
    return News(
        order=order,
        before=before,
        after=after,
        keys=keys,
        ends=ends,
        was_ended=was_ended,
        is_settled=is_known and is_same and (accepted is not None or not is_looked_at),
        is_by_person=accepted is not None,
        is_known=is_known,
    )


def _ends(run: Run, order: Order | None, *, was_ended: bool) -> bool:
    """A status that neither ends nor confirms leaves the order as it is: open, or ended."""
    if order is None or is_nothing(order):
        return True
    action = run.store.config.orders.action(order.status)
    if action is OrderAction.CLOSE:
        return True
    return action is not OrderAction.CONFIRM and was_ended


def is_watched(document: DocumentRecord, now: datetime) -> bool:
    """Tells whether a look at M3 is due, for a write may have taken effect after the last one."""
    looks = [step.result.get("look_at") for step in document.steps]
    return any(at and datetime.fromisoformat(at) <= now for at in looks)
