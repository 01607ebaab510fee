"""MMS015MI, alternate units of an item: how many basic units one holds. Called by orders_to_m3 and items_to_woo.

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


def list_units(item: str) -> Call:
    """MMS015MI/Lst – lists the alternate units of an item, and goes on past it. Read only."""
    fields = {"ITNO": item, "AUTP": QUANTITY}
    return Call("item.units", fields, ("ITNO", "AUTP", "ALUN", "COFA", "DMCF"))


def read_units(answer: Answer) -> dict[str, dict[str, str]]:
    """Returns the units of quantity of the item that was asked for, by name, with M3's own fields."""
    wanted = (answer.call.fields["ITNO"], QUANTITY)
    rows = answer.require_of(lambda row: (row.get("ITNO"), row.get("AUTP")) == wanted)
    return {
        row["ALUN"]: {name: row.get(name, "") for name in ("ALUN", "COFA", "DMCF")} for row in rows if "ALUN" in row
    }


def read_unit(answer: Answer) -> AlternateUnit:
    """Returns the alternate unit."""
    record = answer.first()
    return AlternateUnit(
        unit=record.get("ALUN") or answer.call.fields.get("ALUN", ""),
        factor=number(record.get("COFA", "")),
        is_divisor=record.get("DMCF", "") == "2",
        decimals=int(number(record.get("DCCD", ""))),
    )
