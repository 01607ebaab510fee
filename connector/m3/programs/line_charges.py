"""OIS100MI, charges of the lines of a confirmed order: the shop's tax, in tax mode T. Called by connector/flows/order_changes.

Every write is absolute: a second one leaves what the first left, or is refused as there or gone already.
Source: signatures in catalogue.json; money-and-stock section 3.
"""

from __future__ import annotations

from decimal import Decimal

from connector.m3.calls import Answer, Call
from connector.m3.programs.ois100mi import LineKey
from connector.m3.values import number, number_text

COLUMNS = ("ORNO", "PONR", "POSX", "CRID", "PBAM")


def list_charges(order_number: str, line: LineKey) -> Call:
    """OIS100MI/LstLineCharge – lists the charges of a line. Read only."""
    return Call("order.line_charges", _key(order_number, line), COLUMNS)


def read_charges(answer: Answer) -> dict[str, Decimal]:
    """Returns the amounts by charge id of exactly the line asked for: the list positions and goes on past it."""
    wanted = (answer.call.fields["PONR"], answer.call.fields["POSX"])
    return {
        record.get("CRID", ""): number(record.get("PBAM", ""))
        for record in answer.require_of(
            lambda record: (record.get("PONR", ""), record.get("POSX", "") or "0") == wanted
        )
    }


def connect(order_number: str, line: LineKey, *, charge: str, amount: Decimal) -> Call:
    """OIS100MI/AddLineCharge – connects a charge to a line. A second one is refused as existing."""
    return Call("order.connect_line_charge", _charge(order_number, line, charge, amount))


def change(order_number: str, line: LineKey, *, charge: str, amount: Decimal) -> Call:
    """OIS100MI/UpdLineCharge – sets the amount of a charge of a line."""
    return Call("order.change_line_charge", _charge(order_number, line, charge, amount))


def remove(order_number: str, line: LineKey, *, charge: str) -> Call:
    """OIS100MI/DltLineCharge – takes a charge off a line. A second one is refused as not found."""
    return Call("order.remove_line_charge", {**_key(order_number, line), "CRID": charge})


def _key(order_number: str, line: LineKey) -> dict[str, str]:
    return {"ORNO": order_number, "PONR": line.number, "POSX": line.suffix}


def _charge(order_number: str, line: LineKey, charge: str, amount: Decimal) -> dict[str, str]:
    return {**_key(order_number, line), "CRID": charge, "CRAM": number_text(amount)}
