"""M3's own events: one JSON of the changed table record; `announcer` builds them under the lock of the state.

The keys of a real tenant are not published (reference ion/delivery.md §7): a receiver reads them by configured paths.
"""

import json
from typing import Any

from sandbox.m3.changes import Change, Record
from sandbox.m3.money import plain
from sandbox.m3.prices import PriceKey
from sandbox.m3.programs.balances import six_decimals
from sandbox.m3.state import CONO, State


def table_event(state: State, change: Change, *, sequence: int) -> bytes:
    """Write the event of a changed item, balance, price, order or customer."""
    content = {
        "publisher": "M3",
        "documentName": str(change.record),
        "operation": str(change.operation),
        "timestamp": state.now_ms(),
        "sequence": sequence,
        "elements": {"CONO": CONO, **_elements(state, change)},
    }
    return json.dumps(content, ensure_ascii=False).encode()


def price_key(change: Change) -> PriceKey:
    """Give the key of the price a change is about."""
    prrf, cucd, cuno, fvdt, itno = change.key
    return prrf, cucd, cuno, fvdt, itno


def _elements(state: State, change: Change) -> dict[str, Any]:
    if change.record is Record.ITEM:
        item = state.items[change.key[0]]
        return {"ITNO": item.itno, "STAT": item.status, "ITDS": item.name, "LMDT": item.changed_on}
    if change.record is Record.BALANCE:
        itno, whlo = change.key
        balance = state.items[itno].balances[whlo]
        return {
            "WHLO": whlo,
            "ITNO": itno,
            "STQT": six_decimals(balance.on_hand),
            "ALQT": six_decimals(balance.allocated),
            "REQT": six_decimals(balance.reserved),
        }
    if change.record is Record.ORDER:
        order = state.orders[change.key[0]]
        return {"ORNO": order.orno, "CUNO": order.body.cuno, "ORSL": order.lowest_status, "ORST": order.highest_status}
    if change.record is Record.CUSTOMER:
        customer = state.customers[change.key[0]]
        return {"CUNO": customer.cuno, "STAT": customer.status}
    prrf, cucd, cuno, fvdt, itno = change.key
    price = state.prices.get(price_key(change))
    return {
        "PRRF": prrf,
        "CUCD": cucd,
        "CUNO": cuno,
        "FVDT": fvdt,
        "ITNO": itno,
        "SAPR": plain(price.sapr) if price else "",
    }
