"""Leaves people's data out of the audit trail as it is shown; behind `connector audit export` and `exchanges replay`.

What is named here is data of the buyer, by the paths of the mapping files, by M3's field names and by the shop's.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connector.flows.orders.left import TEXT_BLOCKS
from connector.flows.orders.personal import MASK, is_personal

M3_FIELDS = frozenset(
    (
        *("CUNM", "CUA1", "CUA2", "CUA3", "CUA4", "ADR1", "ADR2", "ADR3", "ADR4", "TOWN", "PONO"),
        *("PHNO", "PHN2", "TFNO", "MAIL", "EMAL", "CONM", "NAME", "VRNO"),
        *TEXT_BLOCKS,
    )
)
"""Names, addresses, telephone and e-mail, VAT number, and the texts with the buyer's note: of CRS610MI, CRS111MI, OIS100MI."""

SHOP_FIELDS = frozenset(
    (
        *("billing", "shipping", "email", "first_name", "last_name", "company", "address_1", "address_2"),
        *("city", "postcode", "phone", "username", "customer_note"),
    )
)


def masked(values: Mapping[str, Any]) -> dict[str, Any]:
    """Returns values with what belongs to a person replaced; that it was there, and changed, is still seen."""
    return {name: _hidden(value) if _belongs_to_person(name) else _inside(value) for name, value in values.items()}


def _belongs_to_person(name: str) -> bool:
    return name in M3_FIELDS or name in SHOP_FIELDS or is_personal(name)


def _hidden(value: object) -> object:
    return MASK if value not in (None, "", [], {}) else value


def _inside(value: Any) -> Any:
    if isinstance(value, Mapping):
        return masked(value)
    return [_inside(one) for one in value] if isinstance(value, list) else value
