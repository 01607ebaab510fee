"""CRS111MI, the e-mail addresses documents are sent to, by type and key. Called by customers_to_m3.

Source: signatures in catalogue.json. What a type (EMTP) stands for is the site's; the key (EMKY) of a customer is CUNO.
"""

from __future__ import annotations

from connector.m3.calls import Answer, Call


def get_email(customer: str, *, kind: str) -> Call:
    """CRS111MI/Get – reads an address; refused as not found if there is none. Read only."""
    return Call("customer.email", _key(customer, kind), ("EMAL",))


def read_email(answer: Answer) -> str:
    """Returns the address."""
    return answer.first().get("EMAL", "")


def add_email(customer: str, *, kind: str, email: str) -> Call:
    """CRS111MI/Add – adds an address. The second is refused as existing."""
    return Call("customer.add_email", {**_key(customer, kind), "EMAL": email})


def change_email(customer: str, *, kind: str, email: str) -> Call:
    """CRS111MI/Change – replaces an address. Safe to repeat."""
    return Call("customer.change_email", {**_key(customer, kind), "EMAL": email})


def _key(customer: str, kind: str) -> dict[str, str]:
    return {"EMTP": kind, "EMKY": customer}
