"""MMS850MI, stock messages of our own: units booked out of a location or into it, and what M3 made of that. Called by flows/issues.

A message has a header, identities (its lines) and instructions; ours have one of each. Quantities are in the item's basic unit.
Source: signatures in catalogue.json; docs.infor.com, M3 user guide 16.x, "Upload processes" (set1567530587547): a message number is
unique, and may be given by the external system.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from connector.m3.calls import Answer, Call
from connector.m3.rejections import is_not_found
from connector.m3.values import number, number_text

LINE, SEQUENCE = "1", "1"
NUMBER_LENGTH = 15


@dataclass(frozen=True, slots=True)
class StockMessage:
    """A message as M3 holds it."""

    item: str  # ITNO
    external_number: str  # PMSN
    remark: str  # BREM
    quantity: Decimal  # QLQT, negative: taken out
    status: str  # STAT of the instruction
    error: str  # why it was not executed; empty: nothing is said


def add_adjustment(
    key: str,
    *,
    item: str,
    warehouse: str,
    location: str,
    quantity: Decimal,
    reason: str,
    partner: str,
    external_number: str,
    remark: str,
) -> Call:
    """MMS850MI/AddAdjust – adds a quantity to what lies in a location, or takes it away; executed at once (PRFL *EXE).

    A message number that exists is refused, so it is safe to send again under the same one; look with `get_identity` before.

    Args:
        key: MSNR, our own number of the message, at most 15 characters.
        item: ITNO.
        warehouse: WHLO.
        location: WHSL.
        quantity: QLQT, negative to take away.
        reason: RSCD; blank leaves M3's own.
        partner: E0PA, the partner the site has set up for stock messages (MMS865).
        external_number: PMSN, which comes back with the message.
        remark: BREM, at most 20 characters.
    """
    fields = {"E0PA": partner, "E065": "WMS", "WHLO": warehouse, "PRFL": "*EXE", "WHSL": location, "ITNO": item}
    number_of = {"MSNR": key, "MSLN": LINE, "MSGS": SEQUENCE, "PMSN": external_number}
    return Call(
        "stock_issue.add", {**fields, **number_of, "QLQT": number_text(quantity), "RSCD": reason, "BREM": remark}
    )


def get_identity(key: str) -> Call:
    """MMS850MI/GetStkId – reads whose message a number is; refused as not found if there is none. Read only."""
    return Call("stock_issue.identity", {"MSNR": key, "MSLN": LINE}, ("ITNO", "PMSN", "BREM"))


def get_instruction(key: str) -> Call:
    """MMS850MI/GetStkIns – reads what a message does and how far it is; refused as not found if there is none. Read only."""
    fields = {"MSNR": key, "MSLN": LINE, "MSGS": SEQUENCE}
    return Call("stock_issue.instruction", fields, ("QLQT", "STAT", "MSID", "MSGD"))


def list_messages(external_number: str, *, partner: str) -> Call:
    """MMS850MI/LstMvxMsg – lists the numbers of messages with an external number. Read only.

    Args:
        external_number: PMSN.
        partner: E0PB.
    """
    return Call("stock_issue.list", {"E0PB": partner, "PMSN": external_number}, ("MSGN",))


def read_numbers(answer: Answer) -> list[str]:
    """Returns the numbers (MSGN) there are: no list of a site proves that there is no other message."""
    return [number for row in answer.page() if (number := row.get("MSGN", "").strip())]


def read_message(identity: Answer, instruction: Answer) -> StockMessage | None:
    """Returns the message, or None if M3 does not have it.

    Raises:
        ConnectorError: M3 refused a call for another reason, or sent something that is no number.
    """
    if is_not_found(identity.error) or is_not_found(instruction.error):
        return None
    whose, what = identity.first(), instruction.first()
    return StockMessage(
        item=whose.get("ITNO", "").strip(),
        external_number=whose.get("PMSN", "").strip(),
        remark=whose.get("BREM", "").strip(),
        quantity=number(what.get("QLQT", "")),
        status=what.get("STAT", "").strip(),
        error=_error(what),
    )


def _error(instruction: Mapping[str, str]) -> str:
    """Returns what M3 says against a message, or nothing.

    MSID names a message of M3 as refusals do. MSGD has one character in the published signature: a flag, which may stand there
    for whatever reason, so it says nothing by itself; a site that sends words there means them.
    """
    words = instruction.get("MSGD", "").strip()
    return " ".join(one for one in (instruction.get("MSID", "").strip(), words if len(words) > 1 else "") if one)
