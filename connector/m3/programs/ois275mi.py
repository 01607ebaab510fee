"""OIS275MI, batch customer orders: what became of one. Called by the order flows.

Source: signatures in catalogue.json; order-rules.md section 2 (status values, docs.infor.com OIS275 and OIS276).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from connector.errors import NotYetError
from connector.m3.calls import Answer, Call


class BatchStatus(StrEnum):
    """How far a batch order has come (STAT of OIS275)."""

    ERROR_IN_HEAD = "15"  # LstErrMsgOrder says why; a person may repair and release it
    LINES_MISSING = "20"  # the head is right, lines are not there: add them and confirm
    ERROR_IN_LINE = "25"  # as 15, in a line
    CREDIT_STOPPED = "30"  # waits for credit release by a person
    INTERRUPTED = "55"  # broke off in the transfer: never repeated, a person decides
    CREATED = "90"  # the customer order exists


@dataclass(frozen=True, slots=True)
class TemporaryStatus:
    """The state of a batch order. `final_number` is empty as long as there is no customer order."""

    temporary_number: str
    final_number: str
    status: BatchStatus


def get_temporary_order_status(temporary_number: str) -> Call:
    """OIS275MI/GetTmpOrderStat – asks how far a batch order has come. Read only."""
    return Call("order.temporary_status", {"ORNO": temporary_number}, ("ORNO", "ORNR", "STAT"))


def read_temporary_status(answer: Answer) -> TemporaryStatus:
    """Returns the state of a batch order.

    Which of ORNO and ORNR holds the temporary number is told differently by the sources, so it is recognised by the
    number asked for.

    Raises:
        NotYetError: A status no source knows; M3 may still be at work.
    """
    record = answer.first()
    asked = answer.call.fields["ORNO"]
    numbers = [record.get("ORNR", ""), record.get("ORNO", "")]
    final = next((one for one in numbers if one.strip("0") and one != asked), "")
    try:
        status = BatchStatus(record.get("STAT", ""))
    except ValueError:
        raise NotYetError(
            f"OIS275MI/GetTmpOrderStat: batch order {asked} has the unknown status {record.get('STAT', '')[:2]!r}.",
            resolution="Look at the batch order in OIS275.",
        ) from None
    return TemporaryStatus(asked, final, status)
