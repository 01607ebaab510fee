"""MMS200MI, the item master, and the time of the server, which every program tells. Called by flows and `connector check`.

Source: signatures in catalogue.json; protocol.md section 6 (LMTS).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from connector.errors import InvalidPayloadError
from connector.m3.calls import Answer, Call
from connector.m3.values import day, number

SELLABLE = "20"  # an item must have at least this status to be sold
ITEM_COLUMNS = ("ITNO", "STAT", "ITDS", "UNMS", "ALUN", "SPUN", "PDCC", "SALE", "VTCS", "STCD")


@dataclass(frozen=True, slots=True)
class Item:
    """What an order line needs to know of an item."""

    item_number: str
    status: str
    name: str
    unit: str  # UNMS, basic unit
    price_unit: str  # SPUN
    price_decimals: int  # PDCC
    vat_code: str  # VTCS, sales
    is_stocked: bool  # STCD: M3 keeps its stock


@dataclass(frozen=True, slots=True)
class ServerTime:
    """M3's own time: dates of orders and cursors of polls are taken from it, never from our clock.

    `date` and `time` (HHMMSS) are in the server's zone, `milliseconds` (LMTS) count as M3 stamps changes.
    """

    date: date
    time: str
    milliseconds: int


def get_item_basic(item: str) -> Call:
    """MMS200MI/GetItmBasic – reads an item; refused as not found if there is none. Read only."""
    return Call("item.basic", {"ITNO": item}, ITEM_COLUMNS)


def read_item_basic(answer: Answer) -> Item:
    """Returns the item."""
    record = answer.first()
    return Item(
        item_number=record.get("ITNO") or answer.call.fields.get("ITNO", ""),
        status=record.get("STAT", ""),
        name=record.get("ITDS", ""),
        unit=record.get("UNMS", ""),
        price_unit=record.get("SPUN") or record.get("UNMS", ""),
        price_decimals=int(number(record.get("PDCC", ""))),
        vat_code=record.get("VTCS", ""),
        is_stocked=record.get("STCD", "") != "0",
    )


def get_server_time() -> Call:
    """MMS200MI/GetServerTime – reads M3's date and time (in every program). Read only."""
    return Call("site.server_time", {}, ("DATE", "TIME", "LMTS"))


def read_server_time(answer: Answer) -> ServerTime:
    """Returns M3's time.

    Raises:
        InvalidPayloadError: M3 sent no date.
    """
    record = answer.first()
    today = day(record.get("DATE", ""))
    if today is None:
        raise InvalidPayloadError(
            "MMS200MI/GetServerTime: M3 sent no date.", resolution="Report this with M3's release."
        )
    # Leading zeros get lost in numbers: 93000 is half past nine.
    return ServerTime(today, record.get("TIME", "").zfill(6), int(number(record.get("LMTS", ""))))
