"""MRS001MI, the MI repository: which fields a transaction really has at this site. Called by `connector check`.

Source: signature in catalogue.json; protocol.md section 9.
"""

from __future__ import annotations

from dataclasses import dataclass

from connector.m3.calls import Answer, Call
from connector.m3.values import number

INPUT, OUTPUT = "I", "O"
KEY = ("MINM", "TRNM")


@dataclass(frozen=True, slots=True)
class SiteField:
    """One field of a transaction as this site has it."""

    name: str
    length: int
    is_required: bool


def list_fields(program: str, transaction: str, *, side: str = INPUT) -> Call:
    """MRS001MI/LstFields – lists the fields of a transaction; refused or empty if the site does not have it. Read only.

    Args:
        program: MINM.
        transaction: TRNM.
        side: TRTP, input or output.
    """
    fields = {"MINM": program, "TRNM": transaction, "TRTP": side}
    return Call("site.fields", fields, ("MINM", "TRNM", "FLNM", "LENG", "MAND"))


def read_fields(answer: Answer) -> dict[str, SiteField]:
    """Returns the fields of exactly the transaction asked for, by name."""
    asked = answer.call.fields
    return {
        record.get("FLNM", ""): SiteField(
            name=record.get("FLNM", ""),
            length=int(number(record.get("LENG", ""))),
            is_required=record.get("MAND", "") in {"1", "Y"},
        )
        for record in answer.require_of(
            lambda record: all(record.get(name, asked[name]) == asked[name] for name in KEY)
        )
    }
