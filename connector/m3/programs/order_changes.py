"""OIS100MI, changing a confirmed order: lines, head charges, references, texts. Called by connector/flows/order_changes.

Every write but AddLineBatchEnt is absolute: a second one leaves what the first left, or is refused as there or gone already.
Changes by ...BatchEnt may hold at once or a while later, as the site has it: always read back.
Source: signatures in catalogue.json; money-and-stock section 7.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from connector.m3.calls import Answer, Call
from connector.m3.programs.ois100mi import DELIVERY_ADDRESS, LineKey
from connector.m3.values import number, number_text

TABLE, PRE_TEXT = "OOHEAD", "OAPRTX"
TEXT_LENGTH = 600


@dataclass(frozen=True, slots=True)
class ConnectedCharge:
    """A charge connected to the head of a customer order."""

    id: str  # CRID
    amount: Decimal  # CRAM


def change_quantity(order_number: str, line: LineKey, *, quantity: Decimal) -> Call:
    """OIS100MI/ChgLineBatchEnt – sets the quantity of a line in its own unit (ORQA). It has no price field."""
    return Call("order.change_line", {**_key(order_number, line), "ORQA": number_text(quantity)}, ("ORNO", "STAT"))


def change_price(order_number: str, line: LineKey, fields: Mapping[str, str]) -> Call:
    """OIS100MI/UpdPriceInfo – sets price and discounts of a line; NTCD 1 makes an explicit 0 hold.

    Args:
        order_number: The customer order.
        line: Its line.
        fields: SAPR, SACD, DIA1, DIP1, DIC1-6.
    """
    return Call("order.change_price", {**_key(order_number, line), "NTCD": "1", **fields})


def add_line(order_number: str, fields: Mapping[str, str]) -> Call:
    """OIS100MI/AddLineBatchEnt – adds a line to a customer order.

    Not safe to repeat: M3 adds another line. CUPO tells ours apart when the lines are read (LstLine).
    """
    return Call("order.add_confirmed_line", {"ORNO": order_number, **fields}, ("PONR", "POSX"))


def close_line(order_number: str, line: LineKey, *, reason: str) -> Call:
    """OIS100MI/CloLine – ends a line of which nothing is delivered; it stays as a trace at 99. A second one is refused."""
    return Call("order.close_line", {**_key(order_number, line), "RSCD": reason})


def delete_order(order_number: str) -> Call:
    """OIS100MI/DelHead – deletes a customer order. A second one is refused as not found."""
    return Call("order.delete", {"ORNO": order_number})


def list_charges(order_number: str) -> Call:
    """OIS100MI/LstConnCOCharge – lists the head charges of a customer order. Read only."""
    return Call("order.charges", {"ORNO": order_number}, ("ORNO", "CRID", "CRAM", "CUCD"))


def read_charges(answer: Answer) -> list[ConnectedCharge]:
    """Returns the head charges of a customer order; the list positions, so rows of another order are left out."""
    wanted = answer.call.fields["ORNO"]
    return [
        ConnectedCharge(record.get("CRID", ""), number(record.get("CRAM", "")))
        for record in answer.require_of(lambda record: record.get("ORNO", wanted) == wanted)
    ]


def connect_charge(order_number: str, *, charge: str, amount: Decimal, description: str) -> Call:
    """OIS100MI/AddConnCOCharge – connects a charge to the head. A second one is refused as existing."""
    return Call("order.connect_charge", _charge(order_number, charge, amount, description))


def change_charge(order_number: str, *, charge: str, amount: Decimal, description: str) -> Call:
    """OIS100MI/UpdConnCOCharge – sets the amount of a head charge."""
    return Call("order.change_charge", _charge(order_number, charge, amount, description))


def remove_charge(order_number: str, *, charge: str) -> Call:
    """OIS100MI/DelConnCOCharge – takes a charge off the head. A second one is refused as not found."""
    return Call("order.remove_charge", {"ORNO": order_number, "CRID": charge})


def change_references(order_number: str, fields: Mapping[str, str]) -> Call:
    """OIS100MI/ChgOrderRef – sets references of a customer order (CUOR, PYRE); what is not named stays."""
    return Call("order.change_references", {"ORNO": order_number, **fields})


def write_text(order_number: str, *, block: str, text: str) -> Call:
    """OIS100MI/AddText – writes a text block before the lines of a customer order; read it back by GetText."""
    return Call("order.write_text", {**_text_key(order_number, block), "TEXT": text})


def get_text(order_number: str, *, block: str) -> Call:
    """OIS100MI/GetText – reads a text block of a customer order; refused as not found if there is none. Read only."""
    return Call("order.text", _text_key(order_number, block), ("TEXT",))


def get_address(order_number: str) -> Call:
    """OIS100MI/GetAddress – reads the delivery address of a customer order. Read only."""
    return Call("order.address", {"ORNO": order_number, "ADRT": DELIVERY_ADDRESS})


def _key(order_number: str, line: LineKey) -> dict[str, str]:
    return {"ORNO": order_number, "PONR": line.number, "POSX": line.suffix}


def _charge(order_number: str, charge: str, amount: Decimal, description: str) -> dict[str, str]:
    return {"ORNO": order_number, "CRID": charge, "CRAM": number_text(amount), "CRD0": description}


def _text_key(order_number: str, block: str) -> dict[str, str]:
    return {"FILE": TABLE, "KFLD": order_number, "FLDN": PRE_TEXT, "TXVR": block}
