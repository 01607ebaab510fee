"""OIS320MI, prices as they are found for a sale: which changed, whether those of a list include VAT, and that of a line.

Called by the price flow and its pull, and by flows/orders/own_prices.py.
Source: signatures in catalogue.json; protocol.md section 6 (LMTS).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from connector.m3.calls import Answer, Call
from connector.m3.programs.ois017mi import ListHead
from connector.m3.programs.ois100mi import OrderLine
from connector.m3.values import day_text, number, number_text


@dataclass(frozen=True, slots=True)
class ChangedPrice:
    """That the price of an item in a list is new or changed; `customer` is blank if it is for everybody."""

    code: str
    currency: str
    customer: str
    item_number: str


def list_new_prices(since_ms: int) -> Call:
    """OIS320MI/LstNewPrices – lists prices of all lists stamped at a moment or later. Read only.

    Args:
        since_ms: LMTS as GetServerTime gives it. The rows do not show theirs, so a cut list cannot be gone on from.
    """
    return Call("price.changed", {"LMTS": str(since_ms)}, ("PRRF", "CUCD", "CUNO", "ITNO"))


def read_new_prices(answer: Answer) -> Iterator[ChangedPrice]:
    """Yields the rows; an item comes once for each of its quantity limits."""
    for record in answer.require():
        yield ChangedPrice(
            record.get("PRRF", ""), record.get("CUCD", ""), record.get("CUNO", ""), record.get("ITNO", "")
        )


def list_list_prices(head: ListHead) -> Call:
    """OIS320MI/LstListPrices – lists prices from a version of a list on; asked for its first row, which says TINC. Read only."""
    key = {"PRRF": head.code, "CUCD": head.currency, "FVDT": day_text(head.valid_from)}
    return Call("price.rows", key, ("PRRF", "CUCD", "CUNO", "FVDT", "TINC"))


def read_includes_tax(answer: Answer) -> bool:
    """Tells whether the prices of the version asked for include VAT; False if it has none.

    Raises:
        ConnectorError: M3 refused the call.
    """
    asked = answer.call.fields
    for record in answer.page():
        if all(record.get(name, "") == asked.get(name, "") for name in ("PRRF", "CUCD", "CUNO", "FVDT")):
            return record.get("TINC") == "1"
    return False


def get_price_line(head: Mapping[str, str], line: OrderLine) -> Call:
    """OIS320MI/GetPriceLine – finds the price M3 would give a line by itself. Read only.

    A site may price by delivery date, and a head may have a price list table or a discount model of its own.

    Args:
        head: The head of its order, by M3 name.
        line: The line.
    """
    quantity = line.quantity_in_unit or line.quantity
    of_line = {"ITNO": line.item, "WHLO": line.warehouse, "ORQA": number_text(quantity), "ALUN": line.unit}
    of_line["DWDT"] = line.delivery_date
    of_head = {name: head.get(name, "") for name in ("CUNO", "FACI", "ORDT", "CUCD", "ORTP", "PLTB", "DISY")}
    return Call("order.line_price", {**of_head, **of_line}, ("SAPR",))


def read_price_line(answer: Answer) -> Decimal:
    """Returns the price (SAPR), for the price quantity M3 keeps with it."""
    return number(answer.first().get("SAPR", ""))
