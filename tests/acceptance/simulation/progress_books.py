"""What the shop must tell at rest of what M3 has sent and invoiced of an order. Used by books.py."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

from tests.acceptance.simulation.orders_history import shop_id_of

DELIVERY, TRACKING, INVOICES = "_m3_delivery", "_m3_tracking", "_m3_invoices"
LEFT = "6"
PLANNED = "05"


def of_progress(m3: dict[str, Any], shop: dict[str, Any], *, untold: Collection[int]) -> Iterator[str]:
    """Says what the shop does not tell, or not as M3 has it: how much left, tracking numbers, one note a delivery, invoices.

    Args:
        m3: Its book.
        shop: Its book.
        untold: Orders whose write-back waits for a person.
    """
    rows = {one["id"]: one for one in shop["orders"] if one["status"] != "trash" and one["id"] not in untold}
    for order in m3["orders"]:
        row = rows.get(shop_id_of(order))
        if row is not None and order["lines"]:
            yield from _of_order(order, row, m3)


def _of_order(order: dict[str, Any], row: dict[str, Any], m3: dict[str, Any]) -> Iterator[str]:
    orno, where = order["orno"], f"order {row['id']}, {order['orno']} in M3"
    left = [one for one in m3["deliveries"] if one["orno"] == orno and one["stat"] != PLANNED]
    told = row["meta"].get(DELIVERY, "")
    if told != _how_much(order["lines"]):
        yield f"untold: the shop says '{told}' of {where}, whose lines are at {[one['stat'] for one in order['lines']]}"
    tracking = ", ".join(one["tracking"] for one in left)
    if row["meta"].get(TRACKING, "") != tracking:
        yield f"untold: the shop has tracking {row['meta'].get(TRACKING)} of {where}, M3 has {tracking}"
    for delivery in left:
        if (times := sum(f"Delivery {delivery['dlix']} " in note for note in row["notes"])) != 1:
            yield f"untold or doubled: {times} notes tell of delivery {delivery['dlix']} of {where}"
    invoices = ", ".join(one["exin"] for one in m3["order_invoices"] if one["orno"] == orno)
    if row["meta"].get(INVOICES, "") != invoices:
        yield f"untold: the shop has invoices {row['meta'].get(INVOICES)} of {where}, M3 has {invoices}"


def _how_much(lines: list[dict[str, Any]]) -> str:
    if all(one["stat"][0] >= LEFT for one in lines):
        return "all"
    return "part" if any(one["stat"][1] >= LEFT for one in lines) else ""
