"""MMS200MI and OIS100MI, what is on hand of an item in a warehouse and which balances changed. Called by the stock flow.

All quantities are in the item's basic unit.
Source: signatures in catalogue.json; order-rules.md section 14; money-and-stock.md section 11.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from connector.errors import ConnectorError, InvalidPayloadError
from connector.m3.calls import Answer, Call
from connector.m3.values import number

_BALANCE = ("ITNO", "WHLO", "STQT", "ALQT", "REQT", "AV01", "AV02")


@dataclass(frozen=True, slots=True)
class Balance:
    """An item in one warehouse, in its basic unit."""

    item: str
    warehouse: str
    on_hand: Decimal  # STQT, approved
    allocated: Decimal  # ALQT
    reserved: Decimal  # REQT
    allocatable: Decimal  # AV01: allocatable on hand less allocated
    available: Decimal  # AV02: on hand less reserved


@dataclass(frozen=True, slots=True)
class ChangedBalance:
    """A balance that changed since a moment."""

    item: str
    warehouse: str
    allocatable: Decimal | None  # AV01; None where M3 sent no number
    available: Decimal | None  # AV02


def get_balance(item: str, *, warehouse: str) -> Call:
    """MMS200MI/GetItmWhsBal – reads the balance of an item in a warehouse; refused as not found if it has none. Read only."""
    return Call("balance.item", {"WHLO": warehouse, "ITNO": item}, _BALANCE)


def read_balance(answer: Answer) -> Balance:
    """Returns the balance; the item and warehouse are those asked for.

    Raises:
        ConnectorError: M3 refused the call, or sent no record or something that is no number.
    """
    record = answer.first()
    if not record.get("ITNO"):  # without it the figures would all be read as none
        raise InvalidPayloadError(
            "M3 answered without a balance.", resolution="Look at the balance in MMS002; then ask for the item again."
        )
    return Balance(
        item=answer.call.fields["ITNO"],
        warehouse=answer.call.fields["WHLO"],
        on_hand=number(record.get("STQT", "")),
        allocated=number(record.get("ALQT", "")),
        reserved=number(record.get("REQT", "")),
        allocatable=number(record.get("AV01", "")),
        available=number(record.get("AV02", "")),
    )


def list_changed(since_ms: int) -> Call:
    """OIS100MI/LstNewBalances – lists the balances changed at a moment or later, all items and warehouses. Read only.

    The rows carry no time stamp, so a list that was cut cannot be gone on with: everything has to be looked at then.

    Args:
        since_ms: LMTS, in the milliseconds GetServerTime gives.
    """
    return Call("balance.changed", {"LMTS": str(since_ms)}, ("WHLO", "ITNO", "AV01", "AV02"))


def read_changed(answer: Answer) -> list[ChangedBalance]:
    """Returns all the balances that changed."""
    return [
        ChangedBalance(
            one.get("ITNO", ""),
            one.get("WHLO", ""),
            _number_or_none(one.get("AV01", "")),
            _number_or_none(one.get("AV02", "")),
        )
        for one in answer.require()
    ]


def _number_or_none(text: str) -> Decimal | None:
    """A row that cannot be read still says that something changed."""
    try:
        return number(text) if text else None
    except ConnectorError:
        return None
