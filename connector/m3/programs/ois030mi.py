"""OIS030MI, charges of customer orders. Called by `connector check`.

Source: signature in catalogue.json; money-and-stock.md section 2.
"""

from __future__ import annotations

from connector.m3.calls import Answer, Call
from connector.m3.programs.charges import COLUMNS, Charge, read_charge


def list_order_charges(*, first: str = "") -> Call:
    """OIS030MI/LstOrderCharges – lists the charges from a charge id on. Read only.

    Args:
        first: CRID to begin at; the beginning if empty.
    """
    return Call("charge.list", {"CRID": first}, COLUMNS)


def read_charges(answer: Answer) -> list[Charge]:
    """Returns the charges on a page of the list; with `answer.is_cut` there may be more of them."""
    return [read_charge(record) for record in answer.page()]
