"""CRS055MI, currencies: how many decimals amounts and prices have. Called by orders_to_m3 and `connector check`.

Source: signature in catalogue.json; money-and-stock.md section 1.
"""

from __future__ import annotations

from dataclasses import dataclass

from connector.m3.calls import Answer, Call
from connector.m3.values import number


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
