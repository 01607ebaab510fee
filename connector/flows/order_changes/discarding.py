"""What an order asks of M3: a discarded one is told from one that asks for something else since. Called by orders_to_m3."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any

from connector.errors import InvalidPayloadError
from connector.flows import marks
from connector.flows.acceptance import accepted_of
from connector.flows.context import Run, StoreContext
from connector.flows.discarded import END, NOTHING, POST, Meaning, differing, digests, meant_then, note, stay
from connector.flows.order_changes.watching import stop_watching
from connector.flows.orders.plan import content_of
from connector.flows.orders.proving import let_go
from connector.flows.outcome import Done
from connector.flows.stock import selling
from connector.ledger.discards import Told
from connector.ledger.document_records import DocumentRecord
from connector.ledger.kept import known
from connector.stores.orders import OrderAction
from connector.woocommerce.models import Order, parse_order

ASKS = {OrderAction.CLOSE: END, OrderAction.NONE: NOTHING, OrderAction.CONFIRM: POST}
MONEY, AMOUNTS = "money", "lines and amounts"
PLACED = "time it was placed"
"""Never changes, unless a restored shop gave the id to another order: whose that is, a person says."""
NOBODYS = (AMOUNTS, PLACED)
"""Parts whose digests tell nothing of the buyer."""


def stays_discarded(run: Run, order: Order | None) -> Done | None:
    """Ends an order that a person discarded and that asks for nothing else; None if nobody discarded it.

    Raises:
        ChangedAfterDiscardError: It asks for something else.
    """
    marks.recall(run, order)
    if run.claim.discard is None:
        return None
    # That the buyer is gone from it is no news; what is bought counts as ever.
    left = nobodys if order is None or order.is_erased else _whole

    def before(told: Told) -> Meaning | None:
        then = _meant(run.store, told)
        return None if then is None else left(then)

    return stay(run, left(meaning_of(run.store, order)), fact=f"order {run.claim.business_key}", before=before)


def forget_buyer(run: Run) -> None:
    """Stages that a discard of the order keeps no digest of what is a person's: a telephone number is soon guessed by its own."""
    held = run.claim.discard
    if held is None:
        return
    kept = replace(held, accepted=nobodys_of(held.accepted), shown=nobodys_of(held.shown))
    if kept != held:
        note(run, accepted=kept.accepted, shown=kept.shown)
        run.journal.claim = replace(run.claim, discard=kept)


def nobodys(meaning: Meaning) -> Meaning:
    """Returns what is left of a meaning that tells nothing of a buyer: what is bought, and when."""
    return replace(meaning, parts={name: digest for name, digest in meaning.parts.items() if name in NOBODYS})


def _whole(meaning: Meaning) -> Meaning:
    return meaning


def nobodys_of(kept: dict[str, Any] | None) -> dict[str, Any] | None:
    """Returns the same of a meaning as a discard keeps it."""
    if kept is None or "parts" not in kept:
        return kept
    return asdict(nobodys(Meaning(**known(Meaning, kept))))


def settled_unseen(run: Run, document: DocumentRecord, order: Order | None) -> Done | None:
    """Ends a posted order of which a person discarded what could not even be compared with M3; None if there is no such.

    That is one with less left on it than refunds took off. Anything else that is new about it is looked at as ever.
    """
    held = run.claim.discard
    if held is None or order is None or not order.refunds or accepted_of(document) is not None:
        return None
    then = meant_then(run, held, lambda told: _meant(run.store, told, with_refunds=True))
    now = meaning_of(run.store, order, with_refunds=True)
    if then is None or then.asks != now.asks or differing(then, now):
        return None
    selling.note_order(run, order)
    stop_watching(run, document)
    number = document.final_number or ""
    return Done(f"posted as {number}; a person settled what came after{let_go(run, document, number)}")


def meaning_of(store: StoreContext, order: Order | None, *, with_refunds: bool = False) -> Meaning:
    """Returns what an order asks of M3; None is one that the shop does not have any more."""
    if order is None:
        return Meaning(END, "deleted in the shop")
    content = content_of(store, order)
    content[AMOUNTS] = content.pop(MONEY)
    refunds = {"refunds": sorted(one.id for one in order.refunds)} if with_refunds else {}
    is_known = store.config.orders.knows(order.status)
    action = store.config.orders.action(order.status)
    lines = "; ".join(f"{line.quantity} of product {line.product_id} for {line.total}" for line in order.line_items)
    return Meaning(
        ASKS.get(action, action.value) if is_known else f"status {order.status}",
        f"{order.status} in the shop",
        digests({**content, **refunds, PLACED: order.created_at.isoformat()}),
        {
            AMOUNTS: f"{order.total} {order.currency}",
            "lines": lines,
            PLACED: f"{order.created_at:%Y-%m-%d %H:%M:%S} UTC",
        },
    )


def _meant(store: StoreContext, told: Told, *, with_refunds: bool = False) -> Meaning | None:
    if told.body is None:
        return None
    try:
        return meaning_of(store, parse_order(told.body), with_refunds=with_refunds)
    except InvalidPayloadError:
        return None
