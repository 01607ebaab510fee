"""What the connector knows of an order's run beyond the order itself: the `run` root of config/mappings/orders_to_m3.yaml."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from connector.errors import MappingError
from connector.stores.systems import M3Config
from connector.woocommerce.models import Order

YREF_LENGTH = 30


@dataclass(frozen=True)
class OrderRunValues:
    """Values of one run, by the names the mapping file uses."""

    customer_number: str
    reference: str  # YREF: <store>-<order id>-<creation epoch>, the unique external reference
    order_number_text: str  # CUOR by default: <store>-<order number>
    order_date: date  # civil date of the shop's order in the division's zone; never changes
    delivery_date: date  # not in the past of the M3 server by the time of Confirm, computed anew at each attempt
    facility: str
    warehouse: str


def reference_of(store: str, order: Order) -> str:
    """Returns the unique external reference of an order; the same for every attempt, another one if an id is reused.

    Raises:
        MappingError: It would not fit in YREF; it is never cut.
    """
    reference = f"{store}-{order.id}-{int(order.created_at.timestamp())}"
    if len(reference) > YREF_LENGTH:
        raise MappingError(
            f"The reference of the order has {len(reference)} characters, YREF holds {YREF_LENGTH}.",
            field="YREF",
            resolution="Use a shorter store code; a reference is never cut.",
        )
    return reference


def epoch_of(reference: str) -> int:
    """Returns the creation time in a reference, seconds since 1970."""
    return int(reference.rpartition("-")[2])


def run_values(store: str, order: Order, *, customer_number: str, delivery_date: date, m3: M3Config) -> OrderRunValues:
    """Puts the run's values together.

    Args:
        store: The store code.
        order: The order.
        customer_number: CUNO of the order.
        delivery_date: Of head and lines.
        m3: Where the order goes.
    """
    return OrderRunValues(
        customer_number=customer_number,
        reference=reference_of(store, order),
        order_number_text=f"{store.upper()}-{order.number}",
        order_date=order.created_at.astimezone(m3.zone).date(),
        delivery_date=delivery_date,
        facility=m3.facility,
        warehouse=m3.warehouse,
    )
