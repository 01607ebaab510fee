"""An order whose personal data were erased in the shop: M3 keeps what it has, the ledger forgets. Called by orders_to_m3.

Source: WooCommerce, class-wc-privacy-erasers.php, remove_order_personal_data: names become "[deleted]", the e-mail address one of
site.invalid, and the meta row _anonymized is "yes".
"""

from __future__ import annotations

from typing import Any

from connector.flows.acceptance import ACCEPTED, SHOWN
from connector.flows.context import Run
from connector.flows.orders.left import LEFT
from connector.flows.orders.personal import PERSONAL_PATHS
from connector.flows.orders.plan import content_of
from connector.ledger.claims import DocumentRecord
from connector.woocommerce.models import Order

META_KEY = "_anonymized"
FLOW = "orders_to_m3"
PAYMENT = ("order.transaction_id", "order.customer_id")
"""Emptied with the rest, and no person's by themselves."""


def is_erased(order: Order) -> bool:
    """Tells whether the shop has taken a person's data off the order."""
    return bool(order.meta(META_KEY) == "yes")


def forget(run: Run, document: DocumentRecord, order: Order) -> DocumentRecord:
    """Returns the document as if M3 had been sent what is left.

    Amounts and lines stay as they were sent: a change of these is one as ever. What a person was shown or has settled is
    forgotten in the same way, so that it stays settled. So are the texts M3 was left with; a person compares them from then on.
    """
    left = content_of(run.store, order)
    plan = {**document.plan, "content": _without_person(document.plan["content"], left)}
    for name in (SHOWN, ACCEPTED):
        if name in plan:
            plan[name] = {**plan[name], "content": _without_person(plan[name]["content"], left)}
    if LEFT in plan:
        plan[LEFT] = {**plan[LEFT], "texts": {}}
    return document if plan == document.plan else run.journal.replan(document, plan)


def _without_person(content: dict[str, Any], left: dict[str, Any]) -> dict[str, Any]:
    return {key: left[key] if key in left and _goes(key) else value for key, value in content.items()}


def _goes(key: str) -> bool:
    return key.startswith((*PERSONAL_PATHS, *PAYMENT))
