"""Tells our own half-done changes of an order in M3 from what a person did there; pure. Called by following.py.

While a change is under way, M3 may hold each line and charge as it was before, or as any target since; anything else is
somebody's. The states are kept with the document before the first write of the change.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from connector.flows.order_changes.held import Held
from connector.flows.order_changes.wanted import Wanted
from connector.m3.programs.ois100mi import OrderLine
from connector.m3.values import number_text

QUANTITY, AMOUNT, PRICE = "quantity", "amount", "price"


def state_of_held(held: Held) -> dict[str, Any]:
    """Returns what M3 holds, as the ledger keeps it; of several lines with one number the first."""
    lines = {str(line.customer_line): _line(line) for line in reversed(held.lines)}
    return {"lines": lines, "charges": {name: number_text(amount) for name, amount in held.charges.items()}}


def _line(line: OrderLine) -> dict[str, str]:
    quantity = line.quantity_in_unit or line.quantity
    return {
        QUANTITY: number_text(quantity),
        AMOUNT: number_text(line.net_amount),
        PRICE: number_text(line.price),
    }


def state_of_wanted(wanted: Wanted) -> dict[str, Any]:
    """Returns the target, as the ledger keeps it."""
    lines = {
        str(one.cupo): {
            QUANTITY: number_text(one.planned.quantity),
            AMOUNT: number_text(one.planned.amount),
            PRICE: number_text(one.planned.unit_price),
        }
        for one in wanted.lines
    }
    return {"lines": lines, "charges": {name: number_text(one.amount) for name, one in wanted.charges.items()}}


def find_foreign(held: Held, states: Sequence[dict[str, Any]]) -> list[str]:
    """Returns in words what M3 holds that is in none of the states, or lacks though it is in all of them."""
    return [*_foreign_lines(held, states), *_foreign_charges(held, states)]


def _foreign_lines(held: Held, states: Sequence[dict[str, Any]]) -> Iterator[str]:
    for line in held.lines:
        known = [one["lines"][key] for one in states if (key := str(line.customer_line)) in one["lines"]]
        now = _line(line)
        fits = any(now[QUANTITY] == one[QUANTITY] for one in known)
        if not fits or not any(now[name] == one[name] for one in known for name in (AMOUNT, PRICE)):
            was = " or ".join(f"{one[QUANTITY]} for {one[AMOUNT]}" for one in known) or "none"
            yield f"line {line.customer_line}: {now[QUANTITY]} for {now[AMOUNT]} instead of {was}"
    present = {str(line.customer_line) for line in held.lines}
    for cupo in set.intersection(*(set(one["lines"]) for one in states)) - present:
        yield f"line {cupo}: gone"


def _foreign_charges(held: Held, states: Sequence[dict[str, Any]]) -> Iterator[str]:
    for name, amount in held.charges.items():
        known = [one["charges"][name] for one in states if name in one["charges"]]
        if number_text(amount) not in known:
            yield f"charge {name}: {amount} instead of {' or '.join(known) or 'none'}"
    for name in set.intersection(*(set(one["charges"]) for one in states)) - held.charges.keys():
        yield f"charge {name}: gone"
