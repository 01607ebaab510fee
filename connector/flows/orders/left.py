"""What M3 was left with of an order, line by line, so that a later look tells a person's changes from ours; pure.

Kept with the document as `left` when an order is posted (building.py), and by order_changes whenever it has changed it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from connector.flows.orders.plan import OrderPlan
from connector.m3.values import number_text
from connector.money.planned import PlannedLine

LEFT = "left"
"""Its name in a document's plan."""

QUANTITY, AMOUNT, PRICE = "quantity", "amount", "price"
REFERENCES = ("CUOR", "PYRE")
"""Fields of the head that can still be changed once the order is confirmed."""
TEXT_BLOCKS = ("WEB1", "WEB2", "WEB3")
"""Where a changed note goes; a posted order has none of them."""
HAS_TEXTS = "has_texts"
"""Its name in a document's plan: whether the order was posted with a note or coupons, which stay beside a changed one."""

NO_TEXT = "-"
"""Stands for a note that was withdrawn: a blank field would keep the old one."""
SOME_TEXT, OTHER_TEXT = "a text", "another text"
"""What is said of texts, for they are often the buyer's."""
DIGEST = "sha256:"

State = dict[str, Any]
"""`lines` by CUPO, `charges` by id (those of a line by CUPO/id), `head` (references only) by M3 name, `texts` by block.

Of a text only its digest is kept: it is often the buyer's, and is only compared.
"""


def left_by_posting(plan: OrderPlan, *, cupos: Mapping[str, int]) -> State:
    """Returns what M3 holds of an order once it is confirmed as planned."""
    return {
        "lines": {str(cupos[line.key]): line_state(line) for line in plan.money.lines},
        "charges": {
            **{charge.charge_id: number_text(charge.amount) for charge in plan.money.head_charges},
            **{
                name: text
                for line in plan.money.lines
                for name, text in taxes_state(line, cupo=cupos[line.key]).items()
            },
        },
        "head": {name: plan.head.fields.get(name, "") for name in REFERENCES},
        "texts": dict.fromkeys(TEXT_BLOCKS, ""),
    }


def line_state(line: PlannedLine) -> dict[str, str]:
    """Returns what is kept of a line as it is sent."""
    return {
        QUANTITY: number_text(line.quantity),
        AMOUNT: number_text(line.amount),
        PRICE: number_text(line.unit_price),
    }


def taxes_state(line: PlannedLine, *, cupo: int) -> dict[str, str]:
    """Returns what is kept of the charges of a line, which hold the shop's tax in tax mode T."""
    return {charge_of_line(cupo, charge): number_text(amount) for charge, amount in line.line_taxes}


def charge_of_line(cupo: int, charge: str) -> str:
    """Returns how a charge of a line is named among the charges."""
    return f"{cupo}/{charge}"


def text_state(text: str) -> str:
    """Returns what is kept of a text: its digest; as it is, if it is none, or was kept in this way before."""
    if text in ("", NO_TEXT) or text.startswith(DIGEST):
        return text
    return DIGEST + hashlib.sha256(text.encode()).hexdigest()


def without_texts(state: Mapping[str, Any]) -> State:
    """Returns a state with the digests of its texts, as an earlier version may have kept the texts themselves."""
    return {**state, "texts": {block: text_state(text) for block, text in state.get("texts", {}).items()}}
