"""OIS120MI, the stop of a customer order: how an order is held where LockOrder does not stop a site's jobs. Called by proving.py.

Source: signatures in catalogue.json; money-and-stock sections 4, 13.
"""

from __future__ import annotations

from connector.m3.calls import Call


def set_stop(order_number: str, code: str) -> Call:
    """OIS120MI/UpdCOStop – sets the stop of a customer order (OBLC), 0 lifts whichever there is. Safe to repeat."""
    return Call("order.stop", {"ORNO": order_number, "OBLC": code})
