"""MMS310MI and MMS850MI, what a person counted or corrected in a warehouse. Called by the flow of stock corrections.

Quantities are in the item's basic unit.
Source: signatures in catalogue.json.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from connector.m3.calls import Answer, Call
from connector.m3.values import number, number_text


@dataclass(frozen=True, slots=True)
class Location:
    """What lies in one location of a warehouse."""

    on_hand: Decimal  # STQT
    allocated: Decimal  # ALQT
    is_being_counted: bool  # INON


def get_location(item: str, *, warehouse: str, location: str) -> Call:
    """MMS310MI/Get – reads what lies in a location; refused as not found if the item is not there. Read only."""
    fields = {"WHLO": warehouse, "ITNO": item, "WHSL": location}
    return Call("count.location", fields, ("STQT", "ALQT", "INON", "STQI", "BREM"))


def read_location(answer: Answer) -> Location:
    """Returns what lies there."""
    record = answer.first()
    return Location(
        on_hand=number(record.get("STQT", "")),
        allocated=number(record.get("ALQT", "")),
        is_being_counted=record.get("INON", "") not in {"", "0"},
    )


def count(item: str, *, warehouse: str, location: str, quantity: Decimal, reason: str, remark: str) -> Call:
    """MMS310MI/Update – posts a physical count: the quantity found in a location, absolute.

    Sent twice it says the same; what was moved in between would be undone by the second one, so look with `get_location`
    before it is repeated.

    Args:
        item: ITNO.
        warehouse: WHLO.
        location: WHSL.
        quantity: STQI, what was counted.
        reason: RSCD; blank leaves M3's own.
        remark: BREM, at most 20 characters.
    """
    fields = {"WHLO": warehouse, "ITNO": item, "WHSL": location, "STQI": number_text(quantity), "RSCD": reason}
    return Call("count.update", {**fields, "STAG": "2", "BREM": remark})


def adjust(
    item: str, *, warehouse: str, location: str, difference: Decimal, reason: str, partner: str, key: str
) -> Call:
    """MMS850MI/AddAdjust – adds a quantity to what lies in a location, or takes it away.

    Not safe to send twice: each call moves the stock, unless M3 refuses the second `key` (not published). Look with
    `get_location` before it is repeated.

    Args:
        item: ITNO.
        warehouse: WHLO.
        location: WHSL.
        difference: QLQT, negative to take away.
        reason: RSCD; blank leaves M3's own.
        partner: E0PA, the partner the site has set up for stock messages (MMS865).
        key: MSNR, our own number of the message, at most 15 characters.
    """
    fields = {"E0PA": partner, "E065": "WMS", "WHLO": warehouse, "PRFL": "*EXE", "WHSL": location, "ITNO": item}
    return Call("count.adjust", {**fields, "QLQT": number_text(difference), "RSCD": reason, "MSNR": key})
