"""MMS015MI, alternate units of an item: how many basic units one holds. Called by orders_to_m3.

Source: signature in catalogue.json.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from connector.m3.calls import Answer, Call
from connector.m3.values import number

QUANTITY, PRICE = "1", "2"  # AUTP: unit of quantity, unit of price


@dataclass(frozen=True, slots=True)
class AlternateUnit:
    """An alternate unit: multiply (or, if `is_divisor`, divide) by `factor` to get basic units."""

    unit: str
    factor: Decimal  # COFA
    is_divisor: bool  # DMCF 2
    decimals: int  # DCCD


def get(item: str, *, unit: str, kind: str = QUANTITY) -> Call:
    """MMS015MI/Get – reads an alternate unit of an item; refused as not found if there is none. Read only.

    Args:
        item: ITNO.
        unit: ALUN.
        kind: AUTP, unit of quantity or of price.
    """
    fields = {"ITNO": item, "AUTP": kind, "ALUN": unit}
    return Call("item.unit", fields, ("ALUN", "COFA", "DMCF", "DCCD"))


def read_unit(answer: Answer) -> AlternateUnit:
    """Returns the alternate unit."""
    record = answer.first()
    return AlternateUnit(
        unit=record.get("ALUN") or answer.call.fields.get("ALUN", ""),
        factor=number(record.get("COFA", "")),
        is_divisor=record.get("DMCF", "") == "2",
        decimals=int(number(record.get("DCCD", ""))),
    )
