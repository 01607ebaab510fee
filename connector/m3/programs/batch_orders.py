"""OIS100MI, the batch order: what is collected under a temporary number until Confirm makes it an order. Called by the order flows.

ORNO is the temporary number here. Nothing of it is an order, and most writes are not safe to repeat: what is not known for certain
ends in its deletion.
Source: signatures in catalogue.json; order-rules.md sections 1, 2, 4, 6, 8.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from connector.errors import OutcomeUnknownError
from connector.m3.calls import Answer, Call
from connector.m3.programs.ois100mi import DELIVERY_ADDRESS, LineKey
from connector.m3.values import day, number, number_text

BATCH_LINE_COLUMNS = ("PONR", "POSX", "CUPO", "ITNO", "ORQT", "SAPR", "WHLO", "DWDT")


@dataclass(frozen=True, slots=True)
class BatchLine:
    """A line of a batch order. `customer_line` (CUPO) is the number we gave it, 0 if none."""

    key: LineKey
    customer_line: int
    item: str
    quantity: Decimal
    price: Decimal
    warehouse: str


@dataclass(frozen=True, slots=True)
class OrderError:
    """Why a batch order hangs, in M3's own words."""

    message_id: str
    text: str
    level: str


@dataclass(frozen=True, slots=True)
class ListedBatchHead:
    """A batch order in the list of a customer. `final_number` is empty as long as there is no customer order."""

    temporary_number: str
    final_number: str
    status: str
    customer_order_number: str
    your_reference: str
    order_date: date | None


def add_batch_head(fields: Mapping[str, str]) -> Call:
    """OIS100MI/AddBatchHead – begins a batch order under a new temporary number.

    Not safe to repeat: each call makes another batch order. An orphan one ships nothing and is found by CUNO and YREF
    (LstBatchHead).

    Args:
        fields: By M3 name; CUNO is required, ORTP, FACI, WHLO, CUCD, ORDT, YREF, CUOR make it independent of defaults.
    """
    return Call("order.add_head", fields, ("ORNO",))


def read_temporary_number(answer: Answer) -> str:
    """Returns the temporary number that AddBatchHead gave.

    Raises:
        ConnectorError: M3 refused.
        OutcomeUnknownError: M3 agreed but gave no number: a batch order exists and must be looked for.
    """
    number_given = answer.first().get("ORNO", "")
    if not number_given:
        raise OutcomeUnknownError(
            "OIS100MI/AddBatchHead was executed, but M3 sent no temporary number.",
            resolution="Nothing to do: the batch order is looked for by customer and reference.",
        )
    return number_given


def add_batch_line(temporary_number: str, fields: Mapping[str, str]) -> Call:
    """OIS100MI/AddBatchLine – adds a line to a batch order.

    Not safe to repeat: M3 adds another line. CUPO tells ours apart when the lines are read (LstBatchLine).

    Args:
        temporary_number: Of the batch order.
        fields: By M3 name; ITNO, ORQT, CUPO, SAPR, SACD, SPUN, WHLO, DWDT ...
    """
    return Call("order.add_line", {"ORNO": temporary_number, **fields}, ("PONR", "POSX"))


def read_line_key(answer: Answer) -> LineKey:
    """Returns the line number that AddBatchLine gave; line charges and line texts need it."""
    return LineKey.of(answer.first())


def add_batch_address(temporary_number: str, fields: Mapping[str, str], *, kind: str = DELIVERY_ADDRESS) -> Call:
    """OIS100MI/AddBatchAddress – gives a batch order an address of its own.

    A repetition is refused as existing. PHNO holds 10 characters here: use PHN2 (16). TOWN holds 20.

    Args:
        temporary_number: Of the batch order.
        fields: By M3 name; CUNM, CUA1-4, PONO, TOWN, ECAR, CSCD, PHN2 ...
        kind: ADRT; 1 is the delivery address.
    """
    return Call("order.add_address", {"ORNO": temporary_number, "ADRT": kind, **fields})


def add_batch_head_charge(
    temporary_number: str, *, charge: str, amount: Decimal, currency: str, description: str = ""
) -> Call:
    """OIS100MI/AddBatchHeadChg – adds a charge to a batch order.

    Not safe to repeat, and no transaction lists the charges of a batch order: one row per charge id, summed before.

    Args:
        temporary_number: Of the batch order.
        charge: CRID of OIS030, in the order's currency.
        amount: Without VAT unless the charge says otherwise; may be negative.
        currency: The order's currency.
        description: Replaces the charge's own text, at most 30 characters.
    """
    fields = {
        "ORNO": temporary_number,
        "CRID": charge,
        "CRAM": number_text(amount),
        "CUCD": currency,
        "CRD0": description,
    }
    return Call("order.add_head_charge", fields)


def add_batch_line_charge(
    temporary_number: str, *, line: LineKey, charge: str, amount: Decimal, description: str = ""
) -> Call:
    """OIS100MI/AddBatchLineChg – adds a charge to a line of a batch order.

    Not safe to repeat, and no transaction lists them: one row per line and charge id.

    Args:
        temporary_number: Of the batch order.
        line: As AddBatchLine answered.
        charge: Charge id.
        amount: In the order's currency.
        description: At most 30 characters.
    """
    fields = {
        "ORNO": temporary_number,
        "PONR": line.number,
        "POSX": line.suffix,
        "CRID": charge,
        "CRAM": number_text(amount),
        "CRD0": description,
    }
    return Call("order.add_line_charge", fields)


def add_batch_text(temporary_number: str, fields: Mapping[str, str]) -> Call:
    """OIS100MI/AddBatchText – adds one row of text to a batch order or one of its lines.

    Not safe to repeat: the row comes twice; no transaction lists the texts of a batch order.

    Args:
        temporary_number: Of the batch order.
        fields: By M3 name; TYPE (1 head, 2 line with PONR, POSX), TYTR (1 before, 2 after), PARM (240 characters) ...
    """
    return Call("order.add_text", {"ORNO": temporary_number, **fields})


def confirm(temporary_number: str) -> Call:
    """OIS100MI/Confirm – releases a batch order: it becomes a customer order, or hangs with a status below 90.

    An answer without error is not yet an order: read GetTmpOrderStat. A second Confirm is safe only for
    the same number and after its status was read twice, a settle time apart, and is not 55.
    """
    return Call("order.confirm", {"ORNO": temporary_number}, ("ORNO", "STAT"))


def list_error_messages(temporary_number: str) -> Call:
    """OIS100MI/LstErrMsgOrder – asks why a batch order hangs. Read only."""
    return Call("order.error_messages", {"ORNO": temporary_number})


def read_error_messages(answer: Answer) -> list[OrderError]:
    """Returns the messages; their texts are M3's and may name items and numbers."""
    return [
        OrderError(record.get("MSID", ""), record.get("TX60") or record.get("MDTA", ""), record.get("LEVL", ""))
        for record in answer.page()  # for people to read: the first ones say enough
    ]


def list_batch_lines(temporary_number: str) -> Call:
    """OIS100MI/LstBatchLine – lists the lines of a batch order. Read only."""
    return Call("order.batch_lines", {"ORNO": temporary_number}, BATCH_LINE_COLUMNS)


def read_batch_lines(answer: Answer) -> list[BatchLine]:
    """Returns the lines there are room for in the answer: who asks for one more than was sent sees whether they are those."""
    return [
        BatchLine(
            key=LineKey.of(record),
            customer_line=int(number(record.get("CUPO", ""))),
            item=record.get("ITNO", ""),
            quantity=number(record.get("ORQT", "")),
            price=number(record.get("SAPR", "")),
            warehouse=record.get("WHLO", ""),
        )
        for record in answer.page()
    ]


def list_batch_heads(customer: str, *, lowest: str = "", highest: str = "") -> Call:
    """OIS100MI/LstBatchHead – lists the batch orders of a customer. Read only.

    Args:
        customer: CUNO as sent with the order.
        lowest: From this batch status; all if empty.
        highest: To this batch status; all if empty.
    """
    columns = ("ORNO", "ORNR", "STAT", "CUOR", "YREF", "ORDT")
    return Call("order.batch_heads", {"CUNO": customer, "ORSL": lowest, "ORST": highest}, columns)


def read_batch_heads(answer: Answer, *, your_reference: str | None = None) -> list[ListedBatchHead]:
    """Returns the batch orders, only those with exactly `your_reference` if given."""
    heads = [
        ListedBatchHead(
            temporary_number=record.get("ORNO", ""),
            final_number=record.get("ORNR", "") if record.get("ORNR", "").strip("0") else "",
            status=record.get("STAT", ""),
            customer_order_number=record.get("CUOR", ""),
            your_reference=record.get("YREF", ""),
            order_date=day(record.get("ORDT", "")),
        )
        for record in answer.require()
    ]
    return [head for head in heads if your_reference is None or head.your_reference == your_reference]


def get_batch_head(temporary_number: str) -> Call:
    """OIS100MI/GetBatchHead – reads the head of a batch order; refused as not found once it is deleted. Read only."""
    columns = ("ORNO", "STAT", "CUOR", "YREF", "ORTP", "FACI", "CUCD", "ORDT", "NTAM")
    return Call("order.batch_head", {"ORNO": temporary_number}, columns)


def delete_batch_head(temporary_number: str) -> Call:
    """OIS100MI/DelBatchHead – deletes a batch order with all that hangs on it.

    Safe to repeat: the second is refused as not found. Never after a Confirm was intended for it.
    """
    return Call("order.delete_batch", {"ORNO": temporary_number})
