"""Leaves an exchange for each refund an order of the shop lists. Called by the order flow for each order it reads.

The key of a refund is its order's id and its own. It is looked at again when M3 has got the order meanwhile. What it takes back
of further invoices has exchanges of its own, whose keys end with their number, from 2 on.
"""

from __future__ import annotations

from connector.flows.context import Run
from connector.ledger import leaving
from connector.ledger.inbox import Received
from connector.ledger.refunds import keys_with_documents
from connector.woocommerce.canonical import canonical_json
from connector.woocommerce.models import Order

FLOW, POOL = "refunds_to_m3", "finance"


def key_of(order_id: int, refund_id: int, *, part: int = 1) -> str:
    """Returns the business key of a refund, or of a further part of it."""
    return f"{order_id}-{refund_id}" + (f"-{part}" if part > 1 else "")


def ids_of(key: str) -> tuple[int, int]:
    """Returns the ids of the order and of the refund."""
    order_id, refund_id, *_ = key.split("-")
    return int(order_id), int(refund_id)


def part_of(key: str) -> int:
    """Returns which part of a refund a key stands for: 1, or that of a further invoice."""
    _, _, *part = key.split("-")
    return int(part[0]) if part else 1


def note_refunds(run: Run, order: Order | None, *, is_posted: bool) -> None:
    """Stages an exchange for each refund of an order; one that is known already goes on once M3 has the order."""
    for refund in order.refunds if order is not None else ():
        run.leave(found(run.store.name, order_id=run.claim.business_key, refund_id=refund.id, is_posted=is_posted))


def ask_for_refunds(run: Run) -> None:
    """Stages that what holds documents of an order's refunds looks again, for its buyer was erased in the shop.

    Nothing else of a refund holds a piece of a person, and one that was settled with nothing to credit is not credited by it.
    """
    for key in keys_with_documents(run.journal.connection, run.store.name, order_id=int(run.claim.business_key)):
        run.leave(asked(run.store.name, key, source="order"))


def found(store: str, *, order_id: str | int, refund_id: int, is_posted: bool, part: int = 1) -> Received:
    """Returns what tells of a refund or of a further part of it; the run reads it from the shop."""
    body = canonical_json({"id": refund_id, "order_id": int(order_id), "posted": is_posted})
    return leaving.told(store, _target(key_of(int(order_id), refund_id, part=part)), topic="refund.found", body=body)


def asked(store: str, key: str, *, source: str) -> Received:
    """Returns what makes a refund be looked at again, whatever is known of it."""
    return leaving.asked(store, _target(key), topic="refund.asked", source=source)


def _target(key: str) -> leaving.Target:
    return leaving.Target(flow=FLOW, pool=POOL, key=key, kind="refund", resource_id=str(ids_of(key)[1]))
