"""A journal: amounts on accounts, proved to balance before anything is written. Made by the modules beside, posted by flows/books.

Pure: no I/O, Decimal only.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum

from connector.accounting.accounts import Account
from connector.errors import AmountsDifferError
from connector.money.rounding import ZERO, has_at_most


class Side(StrEnum):
    """Which side of an account; the values are M3's (DBCR)."""

    DEBIT = "D"
    CREDIT = "C"


@dataclass(frozen=True)
class Entry:
    """One amount on one side of one account; `what` says for people what it is."""

    side: Side
    amount: Decimal
    account: Account
    what: str

    @property
    def signed(self) -> Decimal:
        """The amount, negative on the credit side."""
        return self.amount if self.side is Side.DEBIT else -self.amount


@dataclass(frozen=True)
class Journal:
    """Entries that balance; every amount is positive."""

    entries: tuple[Entry, ...]
    currency: str
    decimals: int

    @property
    def total(self) -> Decimal:
        """The sum of either side."""
        return sum((one.amount for one in self.entries if one.side is Side.DEBIT), ZERO)


def debit(amount: Decimal, account: Account, what: str) -> Entry:
    """Returns an amount on the debit side; a negative one changes sides when the journal is made."""
    return Entry(Side.DEBIT, amount, account, what)


def credit(amount: Decimal, account: Account, what: str) -> Entry:
    """Returns an amount on the credit side; a negative one changes sides when the journal is made."""
    return Entry(Side.CREDIT, amount, account, what)


def make_journal(entries: Iterable[Entry], *, currency: str, decimals: int) -> Journal:
    """Sums what stands for the same thing, turns negative amounts, leaves out zeros, and proves the rest.

    Raises:
        AmountsDifferError: Debits and credits are not equal, or an amount has more decimals than the currency.
    """
    sums: dict[tuple[str, str, str, tuple[tuple[str, str], ...]], Entry] = {}
    for one in entries:
        account = one.account
        key = (one.what, account.account, account.vat_code, tuple(sorted(account.dimensions.items())))
        held = sums.get(key)
        signed = one.signed + (held.signed if held is not None else ZERO)
        sums[key] = replace(one, side=Side.DEBIT, amount=signed)
    turned = tuple(_on_its_side(one) for one in sums.values() if one.amount)
    _prove(turned, currency=currency, decimals=decimals)
    return Journal(turned, currency, decimals)


def _on_its_side(entry: Entry) -> Entry:
    return entry if entry.amount > 0 else replace(entry, side=Side.CREDIT, amount=-entry.amount)


def _prove(entries: tuple[Entry, ...], *, currency: str, decimals: int) -> None:
    difference = sum((one.signed for one in entries), ZERO)
    if difference:
        raise AmountsDifferError(
            f"The journal does not balance: debit and credit differ by {difference} {currency}.",
            resolution="Nothing was written. Recalculate the order in the shop, then release it; if it stays so, report it.",
            difference=str(difference),
        )
    for one in entries:
        if not has_at_most(one.amount, decimals):
            raise AmountsDifferError(
                f"{one.what}: {one.amount} has more decimals than {currency} ({decimals}).",
                resolution="Set the shop's number of decimals to that of the currency, recalculate the order, release it.",
            )
