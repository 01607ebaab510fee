"""How far the lines of a customer order are: OIS100MI, a few columns only, for many orders at a time. Called by the status flow.

Source: signatures in catalogue.json; order-rules.md section 6.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from connector.m3.calls import Answer, Call
from connector.m3.values import number

COLUMNS = ("PONR", "POSX", "ORST", "DLQT", "IVQT")


@dataclass(frozen=True, slots=True)
class LineProgress:
    """One line; quantities in the basic unit."""

    number: str  # PONR
    suffix: str  # POSX
    status: str  # ORST: the least and the most progressed part of the quantity
    delivered: Decimal
    invoiced: Decimal

    @property
    def as_text(self) -> str:
        """The line in short, for telling whether anything moved."""
        return f"{self.number}/{self.suffix} {self.status} {self.delivered.normalize():f} {self.invoiced.normalize():f}"


def list_progress(order_number: str) -> Call:
    """OIS100MI/LstLine – lists how far the lines of an order are. Read only."""
    return Call("order.lines", {"ORNO": order_number}, COLUMNS)


def read_progress(answer: Answer) -> list[LineProgress]:
    """Returns all the lines in line order."""
    lines = [
        LineProgress(
            number=record.get("PONR", ""),
            suffix=record.get("POSX", "") or "0",
            status=record.get("ORST", ""),
            delivered=number(record.get("DLQT", "")),
            invoiced=number(record.get("IVQT", "")),
        )
        for record in answer.require()
    ]
    return sorted(lines, key=lambda line: (number(line.number), number(line.suffix)))
