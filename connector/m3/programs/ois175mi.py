"""OIS175MI, lists of customer orders: the look-ups by our reference and by date. Called by the order flows.

Source: signatures in catalogue.json; order-rules.md section 4 B; money-and-stock.md section 6.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from connector.m3.calls import Answer, Call
from connector.m3.values import day, day_text

HIGHEST_STATUS = "99"
COLUMNS = ("YREF", "ORDT", "CUOR", "ORNO", "ORSL", "ORST", "ORTP")


@dataclass(frozen=True, slots=True)
class ListedOrder:
    """A customer order in a list."""

    number: str
    your_reference: str  # YREF
    customer_order_number: str  # CUOR; a buyer may use it twice, never proof alone
    order_date: date | None
    order_type: str
    lowest_status: str
    highest_status: str


def list_heads_by_reference(customer: str, *, your_reference: str) -> Call:
    """OIS175MI/LstHeadByRef – lists customer orders from a reference on, closed ones too. Read only.

    Whether YREF filters or only positions is not published: read_orders compares every row.

    Args:
        customer: CUNO as sent with the order.
        your_reference: YREF as sent.
    """
    fields = {"CUNO": customer, "YREF": your_reference, "ORST": HIGHEST_STATUS}
    return Call("order.by_reference", fields, COLUMNS)


def list_heads_by_date(customer: str, *, order_date: date) -> Call:
    """OIS175MI/LstHeadByDate – lists customer orders from a date on, closed ones too. Read only.

    Args:
        customer: CUNO as sent with the order.
        order_date: ORDT as sent.
    """
    fields = {"CUNO": customer, "ORDT": day_text(order_date), "ORST": HIGHEST_STATUS}
    return Call("order.by_date", fields, COLUMNS)


def read_heads(answer: Answer) -> list[ListedOrder]:
    """Returns the orders of a page of a list; with `answer.is_cut` there may be more of them."""
    return [
        ListedOrder(
            number=record.get("ORNO", ""),
            your_reference=record.get("YREF", ""),
            customer_order_number=record.get("CUOR", ""),
            order_date=day(record.get("ORDT", "")),
            order_type=record.get("ORTP", ""),
            lowest_status=record.get("ORSL", ""),
            highest_status=record.get("ORST", ""),
        )
        for record in answer.page()
    ]


def shows_none(answer: Answer, *, your_reference: str) -> bool:
    """Tells whether a list by reference that has no order with this one proves that there is none.

    It does if it is whole, or begins behind the reference, as a list that positions does.
    """
    return not answer.is_cut or answer.records[0].get("YREF", "") > your_reference


def is_day_cut(answer: Answer) -> bool:
    """Tells whether M3 may have more orders of the day that a list by date was asked for."""
    wanted = day(answer.call.fields["ORDT"])
    return answer.is_cut_among(lambda record: day(record.get("ORDT", "")) == wanted)


def read_orders(answer: Answer, *, your_reference: str) -> list[ListedOrder]:
    """Returns the orders with exactly this reference that are on a page of a list: the first of one by reference."""
    return [order for order in read_heads(answer) if order.your_reference == your_reference]
