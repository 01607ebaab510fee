"""What is posted for one fact, line by line as it will be sent. Made by the flows of payments and invoices, sent by posting.py."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from connector.money.journal import Journal


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """One batch of GLS840, complete before the first write.

    `expected` is what the ledger has to show for it: account -> amount in `currency`, negative for credit.
    """

    kind: str  # gls840mi.JOURNAL or INVOICE
    key: str  # KEY1
    epoch: str
    interface: str
    description: str
    day: date
    happened_on: date
    currency: str
    expected: Mapping[str, Decimal]
    lines: tuple[Mapping[str, str], ...]

    def to_json(self) -> dict[str, Any]:
        """Returns what the document keeps, so that every later run sends the same again."""
        values = asdict(self)
        values["day"], values["happened_on"] = self.day.isoformat(), self.happened_on.isoformat()
        values["expected"] = {account: str(amount) for account, amount in self.expected.items()}
        values["lines"] = [dict(line) for line in self.lines]
        return values

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Sheet:
        """Reads what `to_json` gave."""
        held = dict(values)
        held["day"], held["happened_on"] = (date.fromisoformat(held[name]) for name in ("day", "happened_on"))
        held["expected"] = {account: Decimal(amount) for account, amount in held["expected"].items()}
        held["lines"] = tuple(held["lines"])
        return cls(**held)


def sums_by_account(journal: Journal) -> dict[str, Decimal]:
    """Returns what each account is changed by; one that nothing is left of is not in it."""
    sums: dict[str, Decimal] = {}
    for one in journal.entries:
        sums[one.account.account] = sums.get(one.account.account, Decimal(0)) + one.signed
    return {account: amount for account, amount in sums.items() if amount}
