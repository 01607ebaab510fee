"""The identity of what is posted to the ledger: KEY1, the voucher text, the day. Called by the flows of the ledger."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from connector.accounting.accounts import ClosedPeriod
from connector.errors import MappingError
from connector.stores.config import StoreConfig
from connector.woocommerce.models import Order, Refund

KEY_LENGTH = 15
TEXT_LENGTH = 40
BATCH_DIGITS, BATCH_VERSIONS = 10, 10
_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def key_of(store: str, kind: str, order_id: int, *, version: int, field: str = "KEY1") -> str:
    """Returns KEY1: store, kind, the shop's document and version; always 15 characters, so never the beginning of another.

    It follows from the business fact alone, so a restored ledger makes the same one again and M3 refuses it.

    Args:
        store: The store code.
        kind: The letter of the kind of document.
        order_id: The shop's id of the order, refund or line.
        version: Counted from 1.
        field: What M3 calls it, for people.

    Raises:
        MappingError: The number or the version does not fit; a key is never cut.
    """
    room = KEY_LENGTH - len(store) - len(kind) - 1
    number = _base36(order_id)
    if len(number) > room or not 1 <= version < len(_DIGITS):
        raise MappingError(
            f"Number {order_id}, version {version} of store {store} has no room in {field} ({KEY_LENGTH} characters).",
            rule="books.key",
            field=field,
            resolution="Enter it in M3 by hand and discard the exchange; a shorter store code leaves more room.",
        )
    return f"{store.upper()}{kind}{number.rjust(room, '0')}{_DIGITS[version]}"


def number_in(key: str, *, store: str, kind: str) -> int | None:
    """Returns the shop's id a key was made of; None if it is no key of this store and kind."""
    beginning = f"{store.upper()}{kind}"
    digits = key[len(beginning) : -1]
    if len(key) != KEY_LENGTH or not key.startswith(beginning) or not set(digits) <= set(_DIGITS):
        return None
    return int(digits, len(_DIGITS))


def batch_number(series: int, order_id: int, *, version: int) -> str:
    """Returns PBID: the store's series, the shop's order, the version; always ten digits.

    Raises:
        MappingError: The number or the version does not fit; a key is never cut.
    """
    number = f"{series}{order_id:07d}{version}"
    if len(number) > BATCH_DIGITS or version >= BATCH_VERSIONS:
        raise MappingError(
            f"Order {order_id}, version {version} has no room in PBID ({BATCH_DIGITS} digits).",
            rule="payments.settle.series",
            field="PBID",
            resolution="Match the payment with the invoice in M3 by hand and discard the exchange.",
        )
    return number


def version_of(key: str) -> int:
    """Returns the version a KEY1 was made for."""
    return _DIGITS.index(key[-1])


def _base36(number: int) -> str:
    text = ""
    while number:
        number, digit = divmod(number, len(_DIGITS))
        text = _DIGITS[digit] + text
    return text or "0"


def text_of(key: str, order: Order, *, epoch: str | None = None) -> str:
    """Returns the text of every voucher line: KEY1, when the fact was made (an id may be given twice), the order's number.

    Args:
        key: KEY1.
        order: The order.
        epoch: Of what is posted, where it is not the order itself.
    """
    label = "".join(character for character in order.number if character.isascii() and character.isalnum())
    return f"{key} {epoch or epoch_of(order)} {label}"[:TEXT_LENGTH].rstrip()


def is_of_order(text: str, *, key: str, epoch: str) -> bool:
    """Tells whether a voucher text is of the same fact as `key`, in whatever version."""
    return text[: KEY_LENGTH - 1] == key[:-1] and text[KEY_LENGTH:].split()[:1] == [epoch]


def epoch_of(order: Order) -> str:
    """Returns what tells an order from another one that was given the same id."""
    return epoch_of_moment(order.created_at)


def epoch_of_moment(moment: datetime) -> str:
    """Returns the second something was made in."""
    return str(int(moment.timestamp()))


def epoch_of_refund(order: Order, refund: Refund) -> str:
    """Returns what tells a refund from another one that was given the same id."""
    return epoch_of_moment(refund.date_created_gmt) if refund.date_created_gmt is not None else epoch_of(order)


@dataclass(frozen=True)
class BookDay:
    """The day a fact is posted on, and the one it happened on."""

    day: date
    happened_on: date

    @property
    def note(self) -> str:
        """Says if the two differ."""
        return "" if self.day == self.happened_on else f"{self.happened_on} is closed, posted on {self.day}"


def book_day(config: StoreConfig, moment: datetime) -> BookDay:
    """Returns the accounting date of a moment: its civil day in the division's zone, or as the store has it for closed ones.

    Raises:
        MappingError: The day is closed and the store holds such facts.
    """
    return on_open_day(config, moment.astimezone(config.m3.zone).date())


def on_open_day(config: StoreConfig, day: date) -> BookDay:
    """Returns the accounting date of something that belongs to a day.

    Raises:
        MappingError: The day is closed and the store holds such facts.
    """
    closed = config.books.closed_through
    if closed is None or day > closed:
        return BookDay(day, day)
    if config.books.closed_period is ClosedPeriod.NEXT_OPEN:
        return BookDay(closed + timedelta(days=1), day)
    raise MappingError(
        f"{day} is in a closed period (through {closed}); nothing was written.",
        rule="books.closed_period",
        field="ACDT",
        resolution="Post it in M3 by hand and discard the exchange, or open the period there and change "
        "books.closed_through of the store file; or set books.closed_period: next_open. Then release it.",
    )
