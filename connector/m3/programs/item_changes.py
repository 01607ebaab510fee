"""MMS200MI, changing the item master. Called by products_to_m3.

Source: signatures in catalogue.json (UpdItmBasic is in the published export of 2020 only; `connector check` looks).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from connector.m3.calls import Answer, Call

ITEM = "ITNO"


def update_basic(fields: Mapping[str, str]) -> Call:
    """MMS200MI/UpdItmBasic – changes the named fields of an item; those left out or blank stay as they are.

    Safe to send twice: the values are absolute.

    Args:
        fields: ITNO and what is to change.
    """
    return Call("item.update", dict(fields))


def get_fields(item_number: str, *, names: Iterable[str]) -> Call:
    """MMS200MI/GetItmBasic – reads chosen fields of an item; refused as not found if there is none. Read only."""
    return Call("item.basic", {ITEM: item_number}, (ITEM, *sorted(set(names) - {ITEM})))


def read_fields(answer: Answer) -> dict[str, str]:
    """Returns the fields as M3 has them; blank ones are left out."""
    return dict(answer.first())
