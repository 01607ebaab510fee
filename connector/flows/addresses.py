"""Holds what would go to an address nothing can be sent to, before anything is written. Called by flows of orders and customers.

connector/mapping/addresses.py says what is a flaw. `addresses.check: pass` of the store file lets everything through.
"""

from __future__ import annotations

from collections.abc import Mapping

from connector.errors import MappingError
from connector.flows.context import Run, StoreContext
from connector.mapping.addresses import Flaw, find_flaw
from connector.stores.addresses import AddressCheck
from connector.woocommerce.models import Address, Order

COLLECTED = frozenset({"local_pickup", "pickup_location"})
"""Shipping methods by which the buyer comes for the goods. Source: WooCommerce, local pickup of classic and block checkout."""


def require_delivery(run: Run, order: Order) -> None:
    """Makes sure that the order's goods can be sent where it says, if they are.

    Raises:
        MappingError: They cannot; names the field and the rule, never the value.
        RemoteUnavailableError: The shop has to be asked for the products, and cannot be.
    """
    _require(run, order, {f"the delivery address of order {order.id}": order.named.delivery_address})


def require_for_customer(run: Run, order: Order) -> None:
    """Makes sure that neither address of an order is wrong before a customer is made for it, if goods are sent.

    Raises:
        ConnectorError: See `require_delivery`.
    """
    billing, delivery = f"the billing address of order {order.id}", f"the delivery address of order {order.id}"
    _require(run, order, {billing: order.billing, delivery: order.named.delivery_address})


def require_address(store: StoreContext, address: Address, *, of: str) -> None:
    """Makes sure that something can be sent to an address; `of` says in words whose it is.

    Raises:
        MappingError: See `require_delivery`.
    """
    flaw = _flaw_of(store, address)
    if flaw is not None:
        raise _held(flaw, of)


def _require(run: Run, order: Order, addresses: Mapping[str, Address]) -> None:
    found = ((of, _flaw_of(run.store, address)) for of, address in addresses.items())
    of, flaw = next((one for one in found if one[1] is not None), ("", None))
    if flaw is not None and _is_sent(run, order):
        raise _held(flaw, of)


def _is_sent(run: Run, order: Order) -> bool:
    """Tells whether goods are sent: not if the buyer comes for them; without a shipping line, if one of the products is a thing.

    What was sold at a till, without a shipping line, the buyer took along. A shop that ships all free, or a plug-in, makes orders
    of things without one; the products alone tell them from downloads. The shop is asked for them only now that the address is
    wrong.
    """
    if order.shipping_lines:
        return any(line.method_id not in COLLECTED for line in order.shipping_lines)
    if order.created_via in run.store.config.addresses.handed_over:
        return False
    run.journal.pause()
    products = run.store.shop.products
    simple = [line.product_id for line in order.line_items if line.product_id and not line.variation_id]
    if any(row.get("virtual") is False for row in products.by_id(simple, fields=("virtual",)).values()):
        return True
    variations = dict.fromkeys(line.variation_id for line in order.line_items if line.variation_id)
    rows = (products.get(one, fields=("virtual",)) for one in variations)
    return any(row is not None and row.get("virtual") is False for row in rows)


def _flaw_of(store: StoreContext, address: Address) -> Flaw | None:
    if store.config.addresses.check is AddressCheck.LET_THROUGH:
        return None
    return find_flaw(address, countries=store.config.lookups.get("country", {}))


def _held(flaw: Flaw, of: str) -> MappingError:
    return MappingError(
        f"The {flaw.field} of {of} {flaw.what}. Nothing was written.",
        rule="addresses.check",
        field=flaw.field,
        resolution=f"Correct the {flaw.field} in the shop; it goes on by itself. If the address is right all the same, set "
        "addresses.check: pass in the store file (`connector store add` takes it over).",
    )
