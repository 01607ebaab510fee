"""MMS025MI, aliases of items: the item behind a SKU that is no item number. Called by orders_to_m3.

Source: signature in catalogue.json; order-rules.md section 6 (alias categories and qualifiers).
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from connector.m3.calls import Answer, Call
from connector.m3.values import number


@dataclass(frozen=True, slots=True)
class AliasedItem:
    """The item behind an alias. `quantity` is what one alias stands for, in `unit`; 0 if M3 does not say."""

    item_number: str
    alias: str
    unit: str  # ALUN
    quantity: Decimal  # CNQT


def get_item(alias: str, *, category: int, qualifier: str = "") -> Call:
    """MMS025MI/GetItem – asks for the item behind an alias; refused as not found if there is none. Read only.

    Args:
        alias: POPN, at most 30 characters.
        category: ALWT, for example 1 popular number, 2 EAN or UPC.
        qualifier: ALWQ, for example EA13; only some categories have one.
    """
    fields = {"ALWT": str(category), "ALWQ": qualifier, "POPN": alias}
    return Call("item.by_alias", fields, ("ITNO", "POPN", "ALUN", "CNQT"))


def read_item(answer: Answer) -> AliasedItem:
    """Returns the item behind the alias."""
    record = answer.first()
    return AliasedItem(
        item_number=record.get("ITNO", ""),
        alias=record.get("POPN") or answer.call.fields.get("POPN", ""),
        unit=record.get("ALUN", ""),
        quantity=number(record.get("CNQT", "")),
    )
