"""Asks M3's ledger whether a batch was posted: the only proof there is. Called by posting.py.

The list of vouchers knows only days, so each look reads all rows of a day. Batches that wait for M3's job are therefore looked for
together, in what this process read within the last minute; nothing is sent on the strength of that.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, timedelta

from connector.errors import AmountsDifferError, NeedsPersonError
from connector.flows.books.keys import is_of_order
from connector.flows.books.sheet import Sheet
from connector.flows.context import Run
from connector.m3.programs import gls200mi
from connector.m3.programs.gls200mi import VoucherRow

_SPLIT_DAYS = "Split the days: set books.closed_through nearer to the day of the posting, then release."
_READ_WHOLE = (
    "Raise the gateway's limit of rows, or bind `ledger.vouchers` to a transaction of the site's that gives the whole day "
    "(`operations` of the store file); then release."
)

JOB_LOOK_S = 60.0
"""How often the ledger is asked whether M3's job has posted a batch it took."""


def look(run: Run, sheet: Sheet) -> str | None:
    """Asks the ledger for what was sent as this sheet, on its day.

    Returns:
        The voucher, or None if it is not there.

    Raises:
        AmountsDifferError: What is there is not what was to be posted.
        NeedsPersonError: M3's list is cut off.
    """
    return _proved(sheet, _read(run, sheet.day, sheet.day))


def look_for_any(run: Run, sheet: Sheet) -> str | None:
    """Does the same before the first write, for what an earlier version or a forgotten run may have posted on another day."""
    return next((voucher for rows in _all_days(run, sheet) if (voucher := _proved(sheet, rows)) is not None), None)


def look_while_waiting(run: Run, sheet: Sheet) -> str | None:
    """Does the same for a batch that M3 took: reads the day only if this process has not done so within the last minute."""
    kept = run.store.vouchers.get(sheet.day)
    if kept is None or not timedelta() <= run.claim.now - kept[0] < timedelta(seconds=JOB_LOOK_S):
        return look(run, sheet)
    found = _rows_of(sheet, kept[1])
    if found and not _is_as_sent(sheet, found):  # it may have been read while M3 was writing the voucher
        return look(run, sheet)
    return found[0].voucher if found else None


def has_key(run: Run, sheet: Sheet) -> bool:
    """Tells whether a voucher has this very KEY1, of whatever order."""
    return any(row.text.startswith(sheet.key) for row in _rows_of_all_days(run, sheet))


def voucher_of_another(run: Run, sheet: Sheet) -> str | None:
    """Returns the voucher that has this very KEY1 and is of another order, which had the same id; None if none of the days has."""
    others = (row for row in _rows_of_all_days(run, sheet) if row.text.startswith(sheet.key))
    return next((row.voucher for row in others if not is_of_order(row.text, key=sheet.key, epoch=sheet.epoch)), None)


def _rows_of_all_days(run: Run, sheet: Sheet) -> Iterator[VoucherRow]:
    return (row for rows in _all_days(run, sheet) for row in rows)


def _all_days(run: Run, sheet: Sheet) -> Iterator[list[VoucherRow]]:
    """Yields the rows of every day that what is posted may bear; each is read when it is asked for."""
    yield _read(run, min(sheet.day, sheet.happened_on), sheet.day)
    if sheet.made_on is not None and sheet.made_on < min(sheet.day, sheet.happened_on):
        yield _read(run, sheet.made_on, sheet.made_on)


def _read(run: Run, first: date, last: date) -> list[VoucherRow]:
    run.journal.pause()
    call = gls200mi.list_vouchers(division=run.store.config.m3.division, first=first, last=last)
    answer = run.store.m3.read([call], max_records=gls200mi.MOST_ROWS)[0]
    if answer.is_cut:
        raise NeedsPersonError(
            f"M3 lists {len(answer.records)} rows and more for {first} to {last}; the ledger cannot be asked.",
            resolution=_READ_WHOLE if first == last else f"{_SPLIT_DAYS} If one day alone is too long: {_READ_WHOLE}",
        )
    prefix = run.store.name.upper()
    rows = [row for row in gls200mi.read_vouchers(answer) if row.text.startswith(prefix)]
    if first == last:
        run.store.vouchers.clear()  # one day is enough: what waits is of today
        run.store.vouchers[last] = (run.claim.now, rows)
    return rows


def _rows_of(sheet: Sheet, rows: Iterable[VoucherRow]) -> list[VoucherRow]:
    return [row for row in rows if is_of_order(row.text, key=sheet.key, epoch=sheet.epoch)]


def _proved(sheet: Sheet, rows: Iterable[VoucherRow]) -> str | None:
    found = _rows_of(sheet, rows)
    if not found:
        return None
    if not _is_as_sent(sheet, found):
        vouchers = ", ".join(sorted({row.voucher for row in found}))
        raise AmountsDifferError(
            f"The ledger shows {vouchers} for {sheet.key}, and not what was to be posted.",
            resolution="Compare the vouchers in GLS200 with `connector exchanges show`; correct them in M3, then discard "
            "the exchange.",
        )
    return found[0].voucher


def _is_as_sent(sheet: Sheet, rows: list[VoucherRow]) -> bool:
    """Tells whether rows are one voucher in the sheet's currency with the sheet's sum on each account."""
    if len({row.voucher for row in rows}) > 1 or {row.currency for row in rows} != {sheet.currency}:
        return False
    sums: dict[str, object] = {}
    for account in {row.account for row in rows}:
        amount = sum(row.amount for row in rows if row.account == account)
        if amount:
            sums[account] = amount
    return sums == dict(sheet.expected)
