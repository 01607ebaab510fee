"""OIS017MI, price lists and the base prices in them. Called by the price flow, its pull and its comparison.

A price list is kept in versions: each head has a code, a currency, a customer (blank: everybody) and a first day.
Source: signatures in catalogue.json; protocol.md section 6 (a Lst transaction positions, it does not filter).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from connector.m3.calls import Answer, Call
from connector.m3.values import day, day_text, number

_NEVER = "9999"  # the year of a last day that means: no end


@dataclass(frozen=True, slots=True)
class ListHead:
    """One version of a price list for everybody; `valid_to` is its last day, None if it has no end."""

    code: str
    currency: str
    valid_from: date
    valid_to: date | None


@dataclass(frozen=True, slots=True)
class BasePrice:
    """What an item costs in one version of a list: `price` for `quantity` of `unit`."""

    item_number: str
    price: Decimal  # SAPR
    quantity: Decimal  # SACD
    unit: str  # SPUN; blank: the item's own price unit
    valid_to: date | None  # LVDT of the price; None: as the list
    has_scale: bool  # MXID: other prices from certain quantities on


def list_heads(code: str, *, currency: str, first: date | None = None) -> Call:
    """OIS017MI/LstPriceList – lists heads of price lists from a key on, of other lists and customers too. Read only.

    Args:
        code: PRRF.
        currency: CUCD.
        first: FVDT to begin at.
    """
    fields = {"PRRF": code, "CUCD": currency, "FVDT": day_text(first) if first else ""}
    return Call("price.heads", fields, ("PRRF", "CUCD", "CUNO", "FVDT", "LVDT"))


def read_heads(answer: Answer) -> Iterator[ListHead]:
    """Yields the heads on a page of the list that was asked for; those of another list, currency or customer are passed over.

    Raises:
        ConnectorError: M3 refused the call, or sent no date.
    """
    asked = (answer.call.fields["PRRF"], answer.call.fields["CUCD"], "")
    for record in answer.page():
        valid_from = day(record.get("FVDT", ""))
        if valid_from and (record.get("PRRF"), record.get("CUCD"), record.get("CUNO", "")) == asked:
            yield ListHead(asked[0], asked[1], valid_from, last_day(record.get("LVDT", "")))


def get_base_price(item: str, *, head: ListHead) -> Call:
    """OIS017MI/GetBasePrice – reads the price of an item in one version of a list; refused as not found if it has none.

    By its whole key, so that it cannot be the price of another item or list. Read only.
    """
    key = {"PRRF": head.code, "CUCD": head.currency, "FVDT": day_text(head.valid_from), "ITNO": item}
    return Call("price.base", key, ("ITNO", "SAPR", "SACD", "SPUN", "LVDT", "MXID"))


def read_base_price(answer: Answer) -> BasePrice:
    """Returns the price.

    Raises:
        InvalidPayloadError: M3 sent a price or a date that is none.
        ConnectorError: M3 refused the call.
    """
    record = answer.first()
    return BasePrice(
        item_number=answer.call.fields["ITNO"],
        price=number(record.get("SAPR", "")),
        quantity=number(record.get("SACD", "")) or Decimal(1),
        unit=record.get("SPUN", ""),
        valid_to=last_day(record.get("LVDT", "")),
        has_scale=bool(record.get("MXID")),
    )


def last_day(text: str) -> date | None:
    """Reads a last day; blank, 0 and the year 9999 mean that there is no end."""
    return None if text.strip().startswith(_NEVER) else day(text)
