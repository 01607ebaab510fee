"""Holds a change of an account that would bring M3 an address nothing can be sent to. Called by following.py and compare.py."""

from __future__ import annotations

from collections.abc import Iterable

from connector.flows.addresses import require_address
from connector.flows.context import StoreContext
from connector.flows.customers.wanted import ADDRESS_WRITE, CHANGE, PARTS, Difference
from connector.publishing.customers import CustomerPart
from connector.woocommerce.models import Customer


def require_places(store: StoreContext, customer: Customer, due: Iterable[Difference]) -> None:
    """Makes sure that the addresses which are about to be written can be ones.

    Raises:
        MappingError: One cannot; names the field and the rule, never the value.
    """
    for one in due:
        parts = {PARTS.get(name) for name in one.fields}
        if one.name == CHANGE and CustomerPart.ADDRESS in parts:
            require_address(store, customer.billing, of=f"the billing address of account {customer.id}")
        if one.name == ADDRESS_WRITE:
            require_address(store, customer.shipping, of=f"the delivery address of account {customer.id}")
