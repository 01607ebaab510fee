"""Holds what would go to an address nothing can be sent to, before anything is written. Called by flows of orders and customers.

connector/mapping/addresses.py says what is a flaw. `addresses.check: pass` of the store file lets everything through.
"""

from __future__ import annotations

from connector.errors import MappingError
from connector.flows.context import StoreContext
from connector.mapping.addresses import find_flaw
from connector.stores.addresses import AddressCheck
from connector.woocommerce.models import Address, Order

COLLECTED = frozenset({"local_pickup", "pickup_location"})
"""Shipping methods by which the buyer comes for the goods. Source: WooCommerce, local pickup of classic and block checkout."""


def is_sent(order: Order) -> bool:
    """Tells whether goods are sent: not if the buyer comes for them, nor if the shop charges no way to send them (a download)."""
    return any(line.method_id not in COLLECTED for line in order.shipping_lines)


def require_delivery(store: StoreContext, order: Order) -> None:
    """Makes sure that the order's goods can be sent where it says, if they are.

    Raises:
        MappingError: They cannot; names the field and the rule, never the value.
    """
    if is_sent(order):
        require_address(store, order.named.delivery_address, of=f"the delivery address of order {order.id}")


def require_for_customer(store: StoreContext, order: Order) -> None:
    """Makes sure that neither address of an order is wrong before a customer is made for it, if goods are sent.

    Raises:
        MappingError: See `require_delivery`.
    """
    if is_sent(order):
        require_address(store, order.billing, of=f"the billing address of order {order.id}")
        require_delivery(store, order)


def require_address(store: StoreContext, address: Address, *, of: str) -> None:
    """Makes sure that something can be sent to an address; `of` says in words whose it is.

    Raises:
        MappingError: See `require_delivery`.
    """
    if store.config.addresses.check is AddressCheck.LET_THROUGH:
        return
    flaw = find_flaw(address, countries=store.config.lookups.get("country", {}))
    if flaw is None:
        return
    raise MappingError(
        f"The {flaw.field} of {of} {flaw.what}. Nothing was written.",
        rule="addresses.check",
        field=flaw.field,
        resolution=f"Correct the {flaw.field} in the shop; it goes on by itself. If the address is right all the same, set "
        "addresses.check: pass in the store file (`connector store add` takes it over).",
    )
