"""What makes the exchanges of customers_to_m3 due: of a shopper, for an order that needs the customer, and of an account."""

from __future__ import annotations

import json
from datetime import datetime

from connector.flows.context import StoreContext
from connector.ledger.inbox import Received
from connector.ledger.leaving import Target, asked, told
from connector.woocommerce.canonical import canonical_json
from connector.woocommerce.models import Address

FLOW, POOL = "customers_to_m3", "customers"


def shopper_of(
    store: StoreContext,
    key: str,
    *,
    customer_id: int,
    email: str,
    billing: Address,
    vat_number: str,
    modified_at: datetime | None,
) -> Received:
    """Returns what the shopper's exchange has to know; the same again brings nothing new."""
    content = {
        "store": store.name,
        "customer_id": customer_id,
        "email": email.strip(),
        "billing": json.loads(billing.model_dump_json()),
    }
    body = canonical_json(content | ({"vat_number": vat_number} if vat_number else {}))
    account = str(customer_id) if customer_id else None
    target = Target(flow=FLOW, pool=POOL, key=key, kind="customer", resource_id=account, scope=store.m3_scope)
    return told(store.name, target, topic="order.customer", body=body, modified_at=modified_at)


def account_asked(store: str, account: int, *, source: str) -> Received:
    """Returns what makes an account be looked at anew, whatever is known of it; `source`: cli, order or poll_missing."""
    target = Target(flow=FLOW, pool=POOL, key=str(account), kind="customer", resource_id=str(account))
    return asked(store, target, topic="customer.asked", source=source)
