"""CRS055MI, currencies: how many decimals amounts and prices have, and exchange rates. Called by the flows and `connector check`.

Source: signature in catalogue.json; money-and-stock.md section 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from connector.errors import InvalidPayloadError
from connector.m3.calls import Answer, Call
from connector.m3.rejections import is_not_found
from connector.m3.values import day as read_day
from connector.m3.values import day_text, number


@dataclass(frozen=True, slots=True)
class Currency:
    """A currency as M3 keeps it."""

    code: str
    decimals: int  # DCCD, of amounts
    price_decimals: int  # NPRD


def get_currency(currency: str, *, division: str = "") -> Call:
    """CRS055MI/GetBasicData – reads a currency; refused as not found if M3 does not have it. Read only.

    Args:
        currency: CUCD, ISO 4217.
        division: DIVI; company level if empty.
    """
    return Call("currency.basic", {"CUCD": currency, "DIVI": division}, ("CUCD", "DCCD", "NPRD"))


def read_currency(answer: Answer) -> Currency:
    """Returns the currency."""
    record = answer.first()
    return Currency(
        code=record.get("CUCD") or answer.call.fields.get("CUCD", ""),
        decimals=int(number(record.get("DCCD", ""))),
        price_decimals=int(number(record.get("NPRD", ""))),
    )


@dataclass(frozen=True, slots=True)
class RateRow:
    """What a currency is worth in the division's own from a day on, as M3 states it."""

    division: str  # DIVI; blank for the whole company
    currency: str  # CUCD
    local_currency: str  # LOCD
    rate_type: int  # CRTP
    valid_from: date  # CUTD
    value: Decimal  # ARAT
    method: int  # DMCU, conversion method
    factor: int  # RAFA, rate factor


def select_rate(currency: str, *, division: str, rate_type: int, day: date) -> Call:
    """CRS055MI/SelExchangeRate – reads the rate of a currency that holds on a day. Read only.

    Source: the signature; FRDI and TODI, FCUR and TCUR are the ends of ranges, as published scripts use them.

    Args:
        currency: CUCD.
        division: DIVI.
        rate_type: CRTP.
        day: The rate returned is of this day or the last one before it.
    """
    fields = {"CRTP": str(rate_type), "CUTD": day_text(day), "FRDI": division, "TODI": division}
    return Call("currency.rate", {**fields, "FCUR": currency, "TCUR": currency})


def read_rates(answer: Answer) -> list[RateRow]:
    """Returns the rates of the currency and type asked for; none if M3 has none.

    Raises:
        InvalidPayloadError: A record has no day, local currency or positive rate.
    """
    if is_not_found(answer.error):
        return []
    wanted = answer.call.fields["FCUR"], Decimal(answer.call.fields["CRTP"])
    rows = [row for row in answer.require() if (row.get("CUCD"), number(row.get("CRTP", ""))) == wanted]
    return [_rate(row) for row in rows]


def _rate(row: dict[str, str]) -> RateRow:
    valid_from, value, local = read_day(row.get("CUTD", "")), number(row.get("ARAT", "")), row.get("LOCD", "")
    if valid_from is None or value <= 0 or not local:
        raise InvalidPayloadError(
            f"M3's rate of {row['CUCD']} has no day, no local currency or no positive value.",
            resolution="Look at the rate in CRS058.",
        )
    return RateRow(
        division=row.get("DIVI", ""),
        currency=row["CUCD"],
        local_currency=local,
        rate_type=int(number(row["CRTP"])),
        valid_from=valid_from,
        value=value,
        method=int(number(row.get("DMCU", ""))),
        factor=int(number(row.get("RAFA", ""))),
    )
