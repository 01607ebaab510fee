"""Which M3 customer an order belongs to: the shopper's own, or the common one of the VAT area. Called by orders_to_m3."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass

from connector.errors import MappingError, MissingDependencyError, NeedsPersonError
from connector.flows.context import Run, StoreContext
from connector.ledger import bindings
from connector.ledger.dispatch import is_settled
from connector.ledger.inbox import Received
from connector.stores import GuestPolicy
from connector.woocommerce.canonical import canonical_json
from connector.woocommerce.models import Order

CUSTOMER_FLOW = "customers_to_m3"
VAT_EXEMPT_KEY = "is_vat_exempt"


@dataclass(frozen=True)
class Shopper:
    """The owner of an order: `number` if it is a common customer, else the key of the shopper's own."""

    number: str | None
    email_key: str | None


def email_key(email: str) -> str:
    """Returns the key of a shopper across stores: a digest of the normalised e-mail, so that keys can be shown and logged."""
    return hashlib.sha256(email.strip().casefold().encode()).hexdigest()[:32]


def shopper_of(store: StoreContext, order: Order) -> Shopper:
    """Decides by the store's policy.

    Raises:
        MappingError: No common customer is configured for the order's country, currency and exemption.
    """
    policy = store.config.customers.registered if order.customer_id else store.config.customers.guests
    if policy is GuestPolicy.PER_EMAIL and order.billing.email.strip():
        return Shopper(None, email_key(order.billing.email))
    country = order.delivery_address.country
    exempt = order.meta(VAT_EXEMPT_KEY) == "yes"
    number = store.config.customers.common_number(country=country, currency=order.currency, exempt=exempt)
    if number is None:
        raise MappingError(
            f"No common customer is configured for country {country or '(none)'}, currency {order.currency}"
            f"{', VAT exempt' if exempt else ''}.",
            rule="customers.common",
            field="CUNO",
            resolution="Add one under customers.common of the store file (`connector store add` takes it over).",
        )
    return Shopper(number, None)


def find_number(run: Run, order: Order) -> str:
    """Returns CUNO, or leaves the customer's exchange and waits for it.

    Raises:
        MissingDependencyError: The shopper is not in M3 yet; its exchange is staged.
        NeedsPersonError: A person discarded the shopper's exchange, and the order brings nothing new about it.
        MappingError: See `shopper_of`.
    """
    shopper = shopper_of(run.store, order)
    if shopper.number is not None:
        return shopper.number
    key = shopper.email_key or ""
    awaited = f"{run.store.m3_scope}/{key}"
    is_over = is_settled(run.journal.connection, CUSTOMER_FLOW, key=awaited)  # asked before the binding it leaves
    bound = bindings.find_m3_key(run.journal.connection, bindings.CUSTOMER, shop_scope=run.store.m3_scope, shop_key=key)
    if bound is not None:
        return bound
    if not run.leave(_customer_delivery(run.store, order, key)) and is_over:
        raise NeedsPersonError(
            f"The customer of order {order.id} was discarded, so the order has none in M3.",
            resolution="Correct the buyer's data on the order in the shop and save it; or discard the order too.",
        )
    raise MissingDependencyError(
        f"The customer of order {order.id} is not in M3 yet.",
        kind=CUSTOMER_FLOW,
        key=awaited,
        resolution="Nothing to do: the order goes on when the customer's exchange is done.",
    )


def _customer_delivery(store: StoreContext, order: Order, key: str) -> Received:
    """What the customer's exchange has to know, taken from the order."""
    body = canonical_json(
        {
            "store": store.name,
            "customer_id": order.customer_id,
            "email": order.billing.email.strip(),
            "billing": json.loads(order.billing.model_dump_json()),
        }
    )
    digest = hashlib.sha256(body).hexdigest()
    return Received(
        store=store.name,
        source="order",
        topic="order.customer",
        kind="customer",
        resource_id=str(order.customer_id) if order.customer_id else None,
        flow=CUSTOMER_FLOW,
        business_key=key,
        scope=store.m3_scope,
        pool="customers",
        body=body,
        body_size=len(body),
        body_sha256=digest,
        content_hash=digest,
        modified_at=order.date_modified_gmt or order.created_at,
        is_full=True,
    )
