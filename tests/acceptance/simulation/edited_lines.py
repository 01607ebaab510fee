"""Lines of which people changed price or quantity in M3: no machine may change them again. Used by books.py."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any


@dataclass(frozen=True)
class EditedLine:
    """How a person left a line in M3."""

    quantity: Decimal
    price: Decimal


def of_edited_lines(order: dict[str, Any], edited: Mapping[int, EditedLine]) -> Iterator[str]:
    """What a person changed stays as it is: the connector shows it, and neither overwrites nor ends it."""
    held = {one["ponr"]: EditedLine(Decimal(one["quantity"]), Decimal(one["price"])) for one in order["lines"]}
    for ponr, line in edited.items():
        if held.get(ponr) != line:
            now = f"{held[ponr].quantity} at {held[ponr].price}" if ponr in held else "gone"
            yield f"overwritten: a person left line {ponr} of {order['orno']} as {line.quantity} at {line.price}; it is {now}"
