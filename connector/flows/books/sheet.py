"""What is posted for one fact, line by line as it will be sent. Made by the flows of the ledger, sent by posting.py."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from connector.ledger.kept import known
from connector.m3.values import number_text
from connector.money.journal import Journal

_DAYS = ("day", "happened_on", "made_on")


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """One batch of GLS840 or ARS040, complete before the first write.

    `expected` is what M3 has to show for it, in `currency`: account -> amount, negative for credit; or, where invoices are paid,
    invoice -> what is paid of it.
    """

    kind: str  # gls840mi.JOURNAL or INVOICE, ars040mi.RECEIPT
    key: str  # KEY1, PBID
    epoch: str
    interface: str  # INTN, BOPE
    description: str
    day: date
    happened_on: date
    currency: str
    expected: Mapping[str, Decimal]
    lines: tuple[Mapping[str, str], ...]
    customer: str = ""  # CUNO, of an invoice
    number: str = ""  # CINO, of an invoice; empty where a former version made it
    made_on: date | None = None  # the order's day, which its invoice bears if it was posted before it was paid
    conversion: Mapping[str, str] = field(default_factory=dict)  # how the amounts came out of another currency
    into: Mapping[str, Any] | None = None  # of a payment or repayment the same exactly: an IntoBooks

    def to_json(self) -> dict[str, Any]:
        """Returns what the document keeps, so that every later run sends the same again."""
        values = asdict(self)
        for name in _DAYS:
            day = values.pop(name)
            values |= {} if day is None else {name: day.isoformat()}
        values["expected"] = {account: str(amount) for account, amount in self.expected.items()}
        values["lines"] = [dict(line) for line in self.lines]
        values["conversion"] = dict(self.conversion)
        return values

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Sheet:
        """Reads what `to_json` gave."""
        held = known(cls, values)
        held |= {name: date.fromisoformat(held[name]) for name in _DAYS if held.get(name)}
        held["expected"] = {account: Decimal(amount) for account, amount in held["expected"].items()}
        held["lines"] = tuple(held["lines"])
        return cls(**held)


def sums_by_account(journal: Journal) -> dict[str, Decimal]:
    """Returns what each account is changed by; one that nothing is left of is not in it."""
    sums: dict[str, Decimal] = {}
    for one in journal.entries:
        sums[one.account.account] = sums.get(one.account.account, Decimal(0)) + one.signed
    return {account: amount for account, amount in sums.items() if amount}


def fields_of(journal: Journal) -> list[dict[str, str]]:
    """Returns each entry by M3's field names."""
    return [
        {
            "AIT1": one.account.account,
            **one.account.dimensions,
            "CUAM": number_text(one.amount),
            "DBCR": one.side.value,
            **({"VTCD": one.account.vat_code} if one.account.vat_code else {}),
        }
        for one in journal.entries
    ]
