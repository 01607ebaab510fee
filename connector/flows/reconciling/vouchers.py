"""What M3's general ledger shows of a store's postings, found by the text of their rows. Called by postings.py.

KEY1 and text are made by flows/books/keys.py; what they say is read here without asking our ledger.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from connector.errors import NeedsPersonError
from connector.flows.books.keys import KEY_LENGTH
from connector.flows.context import StoreContext
from connector.m3.programs import gls200mi
from connector.m3.programs.gls200mi import VoucherRow
from connector.money.rounding import ZERO

DAYS_AT_ONCE = 5
EPOCH_DIGITS = 10
HIGHEST_ID = 10**12
"""No shop has counted so far; a larger number is the key of a store whose code begins as this one's."""


VoucherKey = tuple[str, int, str]
"""Letter, id in the shop and epoch: a fact, in whatever version."""


@dataclass(frozen=True)
class Key:
    """What KEY1 and the text of a voucher row say: which fact it is of, and in which version."""

    letter: str  # P payment, I invoice ...
    shop_id: int
    version: str
    epoch: str

    @property
    def fact(self) -> VoucherKey:
        """The fact, in whatever version."""
        return self.letter, self.shop_id, self.epoch


@dataclass
class Voucher:
    """The rows of a voucher that are of one fact."""

    key: Key
    number: str
    day: date
    currencies: set[str] = field(default_factory=set)
    sums: dict[str, Decimal] = field(default_factory=dict)

    def add(self, row: VoucherRow) -> None:
        """Takes a row."""
        self.currencies.add(row.currency)
        self.sums[row.account] = self.sums.get(row.account, ZERO) + row.amount


def read_key(text: str, *, store: str) -> Key | None:
    """Returns what the text of a voucher row says, or None if it is none of this store's."""
    prefix, key, rest = store.upper(), text[:KEY_LENGTH], text[KEY_LENGTH:]
    epoch = rest.split()[0] if rest.startswith(" ") and rest.strip() else ""
    if not key.startswith(prefix) or not epoch.isdecimal() or len(epoch) > EPOCH_DIGITS:
        return None
    letter, number, version = key[len(prefix)], key[len(prefix) + 1 : -1], key[-1]
    if not (letter.isalpha() and number.isascii() and number.isalnum() and number == number.upper()):
        return None
    shop_id = int(number, 36)
    return Key(letter, shop_id, version, epoch) if 0 < shop_id < HIGHEST_ID else None


def read_vouchers(store: StoreContext, days: Sequence[date]) -> dict[VoucherKey, list[Voucher]]:
    """Returns the store's vouchers posted on some days, by fact; five days a request.

    Raises:
        NeedsPersonError: A day has more rows than M3 lists.
        RetryableError: M3 cannot be asked now.
    """
    found: dict[tuple[str, str], Voucher] = {}
    for day, row in _rows(store, days):
        key = read_key(row.text, store=store.name)
        if key is not None:
            voucher = found.setdefault((row.voucher, row.text[:KEY_LENGTH]), Voucher(key, row.voucher, day))
            voucher.add(row)
    by_fact: dict[VoucherKey, list[Voucher]] = {}
    for voucher in found.values():
        by_fact.setdefault(voucher.key.fact, []).append(voucher)
    return by_fact


def _rows(store: StoreContext, days: Sequence[date]) -> Iterator[tuple[date, VoucherRow]]:
    division = store.config.m3.division
    for start in range(0, len(days), DAYS_AT_ONCE):
        some = days[start : start + DAYS_AT_ONCE]
        calls = [gls200mi.list_vouchers(division=division, first=day, last=day) for day in some]
        answers = store.m3.read(calls, max_records=gls200mi.MOST_ROWS)
        for day, answer in zip(some, answers, strict=True):
            if answer.is_cut:
                raise NeedsPersonError(
                    f"M3 lists {len(answer.records)} ledger rows and more for {day}; they cannot be read whole.",
                    resolution="Compare that day in GLS200 by hand.",
                )
            for row in gls200mi.read_vouchers(answer):
                yield day, row


def sums_of(vouchers: list[Voucher]) -> Mapping[str, Decimal]:
    """Returns what vouchers change each account by; one that nothing is left of is not in it."""
    sums: dict[str, Decimal] = {}
    for voucher in vouchers:
        for account, amount in voucher.sums.items():
            sums[account] = sums.get(account, ZERO) + amount
    return {account: amount for account, amount in sums.items() if amount}
