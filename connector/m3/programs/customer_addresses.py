"""CRS610MI, the address records of a customer (panel OIS002; there is no OIS002MI). Called by customers_to_m3.

Source: signatures in catalogue.json; order-rules.md section 7.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from connector.m3.calls import Answer, Call

DELIVERY_ADDRESS = "1"
"""ADRT of an address goods are sent to; with another type an order finds "no such address"."""


def add_address(customer: str, *, address: str, fields: Mapping[str, str], kind: str = DELIVERY_ADDRESS) -> Call:
    """CRS610MI/AddAddress – gives a customer another address. The second is refused as existing.

    Args:
        customer: CUNO.
        address: ADID, the number we give it, at most 6 characters.
        fields: By M3 name; CUA1, PONO, CSCD, TOWN are required.
        kind: ADRT; 1 is a delivery address.
    """
    return Call("customer.add_address", {**_key(customer, address, kind), **fields}, ("ADID",))


def change_address(customer: str, *, address: str, fields: Mapping[str, str], kind: str = DELIVERY_ADDRESS) -> Call:
    """CRS610MI/ChgAddress – changes an address. Safe to repeat; a field left out keeps its value."""
    return Call("customer.change_address", {**_key(customer, address, kind), **fields})


def delete_address(customer: str, *, address: str, kind: str = DELIVERY_ADDRESS) -> Call:
    """CRS610MI/DeleteAddress – takes an address from a customer. The second is refused as not found."""
    return Call("customer.delete_address", _key(customer, address, kind))


def get_address(customer: str, *, address: str, names: Iterable[str], kind: str = DELIVERY_ADDRESS) -> Call:
    """CRS610MI/GetAddress – reads chosen fields of an address; refused as not found if there is none. Read only."""
    return Call("customer.address", _key(customer, address, kind), ("ADID", *sorted(set(names) - {"ADID"})))


def read_address(answer: Answer) -> dict[str, str]:
    """Returns the fields as M3 has them; blank ones may be left out."""
    return dict(answer.first())


def _key(customer: str, address: str, kind: str) -> dict[str, str]:
    return {"CUNO": customer, "ADRT": kind, "ADID": address}
