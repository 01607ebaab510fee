"""GLS200MI, the general ledger read: the only proof that a batch of GLS840 was posted. Called by flows/books.

Source: signature in catalogue.json; money-and-stock.md section 10.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from connector.m3.calls import Answer, Call
from connector.m3.values import day_text, number

MOST_ROWS = 100_000
"""A day's vouchers come as one list; there is no key to go on from."""
COLUMNS = ("YEA4", "VSER", "VONO", "VTXT", "AIT1", "CUCD", "CUAM", "DBCR", "ACDT")


@dataclass(frozen=True, slots=True)
class VoucherRow:
    """One row of a voucher; `amount` is in its currency, negative on the credit side."""

    voucher: str  # year, series and number
    text: str
    account: str
    currency: str
    amount: Decimal


def list_vouchers(*, division: str, first: date, last: date) -> Call:
    """GLS200MI/LstVouchersByDt – lists the rows of all vouchers with an accounting date between two. Read only."""
    fields = {"DIVI": division, "FRDT": day_text(first), "TODT": day_text(last)}
    return Call("ledger.vouchers", fields, COLUMNS)


def read_vouchers(answer: Answer) -> list[VoucherRow]:
    """Returns the rows. The side is told by DBCR; where a site leaves it blank, by the sign of the amount."""
    rows = []
    for record in answer.require():
        amount = number(record.get("CUAM", ""))
        side = record.get("DBCR", "").strip()
        if side in ("D", "C"):
            amount = abs(amount) if side == "D" else -abs(amount)
        rows.append(
            VoucherRow(
                voucher="-".join(record.get(name, "").strip() for name in ("YEA4", "VSER", "VONO")),
                text=record.get("VTXT", ""),
                account=record.get("AIT1", "").strip(),
                currency=record.get("CUCD", "").strip(),
                amount=amount,
            )
        )
    return rows
