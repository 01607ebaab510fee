"""What an order or a refund asks of M3's ledgers: a discarded one is told from one that asks for something else since.

Called by the flows of the ledgers. What was asked for then is read from what leaving.py told.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connector.flows.books.leaving import GONE, invoice_state, payment_state
from connector.flows.context import Run
from connector.flows.discarded import END, NOTHING, POST, Meaning, digests, stay
from connector.flows.outcome import Done
from connector.flows.refunds.noticing import ids_of
from connector.flows.refunds.reading import Found
from connector.ledger.discards import Told
from connector.stores.orders import OrderAction
from connector.woocommerce.canonical import read_json
from connector.woocommerce.models import Order

ASKS = {GONE: END, OrderAction.CLOSE: END, OrderAction.CONFIRM: POST}


def payment_stays_discarded(run: Run, order: Order | None, *, parts: tuple[str, ...], what: str) -> Done | None:
    """Ends a posting that a person discarded, unless the order was paid otherwise since; None if nobody discarded it.

    Args:
        run: This run.
        order: The order; one that the shop does not have any more takes nothing of its payment back.
        parts: What of the payment counts.
        what: Is posted, for the person.

    Raises:
        ChangedAfterDiscardError: It was.
    """

    def meant(state: Mapping[str, Any]) -> Meaning:
        said = f"paid by {state['method'] or 'nothing'}" if state["paid"] else "unpaid"
        kept = {name: state[name] for name in parts if name in state}  # older deliveries do not tell the total
        figures = {"total": f"{state['total']} {state['currency']}"} if "total" in kept else {}
        return Meaning(POST if state["paid"] else NOTHING, said, digests(kept), figures)

    now = Meaning(NOTHING, "deleted in the shop") if order is None else meant(payment_state(order))
    fact = f"{what} of order {run.claim.business_key}"
    return stay(run, now, fact=fact, before=lambda told: None if told.body is None else meant(read_json(told.body)))


def invoice_stays_discarded(run: Run, order: Order | None, *, but: tuple[str, ...]) -> Done | None:
    """Ends an invoice that a person discarded, unless other amounts or the end of the order came since; None: nobody did.

    Args:
        run: This run.
        order: The order, None if the shop does not have it any more.
        but: Parts that others carry.

    Raises:
        ChangedAfterDiscardError: Something came.
    """

    def meant(state: Mapping[str, Any], said: str) -> Meaning:
        parts = digests({name: value for name, value in state.items() if name not in ("action", *but)})
        figures = {"total": f"{state['total']} {state['currency']}"} if "total" in state else {}
        return Meaning(ASKS.get(state["action"], NOTHING), said, parts, figures)

    def before(told: Told) -> Meaning | None:
        if told.body is None:
            return None
        state = read_json(told.body)
        return meant(state, state["action"])

    said = "deleted in the shop" if order is None else f"{order.status} in the shop"
    now = meant(read_json(invoice_state(run.store.config.orders, order)), said)
    return stay(run, now, fact=f"the invoice of order {run.claim.business_key}", before=before)


def refund_stays_discarded(run: Run, found: Found, *, what: str) -> Done | None:
    """Ends a posting that a person discarded, unless its refund was deleted since; None if nobody discarded it.

    Raises:
        ChangedAfterDiscardError: It was.
    """
    now = Meaning(END, "deleted in the shop") if found.refund is None else Meaning(POST, "refunded in the shop")

    def before(told: Told) -> Meaning | None:
        return Meaning(END if told.content_hash == GONE else POST)

    order_id, refund_id = ids_of(run.claim.business_key)
    return stay(run, now, fact=f"{what} of refund {refund_id} of order {order_id}", before=before)
