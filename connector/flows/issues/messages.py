"""Reads the stock messages M3 has of orders: by their numbers, and as M3 lists them. Called by flows/issues and reconciling.

A number is the store, S, the shop's line and which booking of that line it is; PMSN is the second the order was made in, the
remark its id. So a message says whose it is without the ledger.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from connector.flows.books.keys import key_of, number_in
from connector.flows.context import StoreContext
from connector.m3.programs import mms850mi
from connector.m3.programs.mms850mi import StockMessage
from connector.m3.rejections import is_not_found

LETTER = "S"
MOST = 200
"""Messages with one PMSN: those of one order, and of others that were made in the same second."""


def number_of(store: str, line: str, *, version: int) -> str:
    """Returns the number of a message of a line.

    Raises:
        MappingError: It does not fit.
    """
    return key_of(store, LETTER, int(line), version=version, field="MSNR")


def line_of(number: str, *, store: str) -> str | None:
    """Returns the shop's line a number is of; None if it is none of this store's."""
    line = number_in(number, store=store, kind=LETTER)
    return None if line is None else str(line)


def remark_of(store: str, order_key: str) -> str:
    """Returns what a message says for people (BREM): the store and the shop's id of the order."""
    return f"{store}-{order_key}"[:20]


def read(store: StoreContext, numbers: Iterable[str]) -> dict[str, StockMessage]:
    """Returns the messages M3 has of these numbers; two calls each, eighty calls a request.

    Raises:
        RetryableError: M3 cannot be asked now.
    """
    asked = list(numbers)
    calls = [make(key) for key in asked for make in (mms850mi.get_identity, mms850mi.get_instruction)]
    answers = iter(store.m3.read(calls) if calls else ())
    found = {key: mms850mi.read_message(next(answers), next(answers)) for key in asked}
    return {key: message for key, message in found.items() if message is not None}


def list_numbers(store: StoreContext, epochs: Sequence[str], *, partner: str) -> Mapping[str, list[str]]:
    """Returns the numbers of this store that M3 lists for orders, by the second these were made in; eighty orders a request.

    Others made in the same second are among them. Which of the header's partners E0PB is cannot be read from the signature:
    a site may list nothing, so no list proves that there is no message.

    Raises:
        RetryableError: M3 cannot be asked now.
    """
    calls = [mms850mi.list_messages(epoch, partner=partner) for epoch in epochs]
    answers = store.m3.read(calls, max_records=MOST) if calls else []
    return {
        epoch: []
        if is_not_found(answer.error)
        else [one for one in mms850mi.read_numbers(answer) if line_of(one, store=store.name) is not None]
        for epoch, answer in zip(epochs, answers, strict=True)
    }
