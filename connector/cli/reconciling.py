"""`connector reconcile orders` and `money`: the shop against M3's books, fact by fact, with sums per day, currency and account.

Loaded by connector/cli/reconcile.py.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from connector.cli.bars import bar
from connector.cli.days import read_period
from connector.cli.opening import the_store
from connector.cli.output import print_table, say
from connector.cli.reconciled_sums import write_sums
from connector.cli.rows import NOTHING, CsvRows, JsonWriter, PagedTable, Writer, why_cell
from connector.cli.working import open_runtime
from connector.errors import PermanentError
from connector.flows.context import StoreContext
from connector.flows.reconciling.compare import compare, compare_money
from connector.flows.reconciling.period import Period
from connector.flows.reconciling.result import QUIET, WHOLE, Row
from connector.flows.reconciling.totals import Totals
from connector.ledger.cursors import now
from connector.ledger.session import transaction

COMPARISONS = {"orders": compare, "money": compare_money}
COLUMNS = (
    *(("Day", 10), ("What", 7), ("Shop", 8), ("M3", 16), ("Figure", 14)),
    *(("In the shop", 12), ("In M3", 12), ("Cur.", 4), ("Why", 32)),
)
NAMES = (
    *("day", "fact", "shop_id", "order_number", "m3_number", "what", "shop", "m3", "currency"),
    *("reason", "words", "remedy"),
)


@dataclass(frozen=True)
class Asked:
    """What the command line asks for."""

    kind: str
    store: str | None
    first: str | None
    last: str | None
    show_all: bool
    as_json: bool
    csv_file: Path | None


def reconcile(asked: Asked) -> bool:
    """Compares, prints, and tells whether everything is explained.

    Raises:
        ConnectorError: A day is none, a file cannot be written, or a side cannot be asked.
    """
    with open_runtime() as runtime, _opened(asked.csv_file) as file, _opened(_beside(asked.csv_file)) as sums:
        store = runtime.store(the_store(runtime.engine, asked.store).name)
        zone = store.config.m3.zone
        with transaction(runtime.engine) as connection:
            period = read_period(asked.first, asked.last, zone=zone, now=now(connection))
        writers = _writers(asked, file, {"store": store.name, "zone": store.config.m3.timezone})
        totals = Totals()
        with bar(f"Comparing {asked.kind}") as tell:
            for row in COMPARISONS[asked.kind](runtime.engine, store, period, totals=totals, progress=tell):
                if asked.show_all or row.reason not in QUIET:
                    for writer in writers:
                        writer.add(row)
        days = {"from": period.first.isoformat(), "to": period.last.isoformat(), "zone": store.config.m3.timezone}
        for writer in writers:
            writer.end({"store": store.name, "kind": asked.kind, **days, **totals.to_json()})
        if sums is not None:
            write_sums(sums, totals, store=store.name, zone=store.config.m3.timezone)
    if not asked.as_json:
        _tell(store, period, totals)
    return totals.is_explained


def _beside(file: Path | None) -> Path | None:
    """Returns where the sums go: beside the rows."""
    return None if file is None else file.with_name(f"{file.stem}.sums{file.suffix}")


@contextmanager
def _opened(file: Path | None) -> Iterator[TextIO | None]:
    try:
        opened = nullcontext(None) if file is None else file.open("w", encoding="utf-8", newline="")
    except OSError as error:
        raise PermanentError(
            f"{file} cannot be written: {error.strerror}.", resolution="Give --csv a file in a folder you may write to."
        ) from None
    with opened as stream:
        yield stream


def _writers(asked: Asked, file: TextIO | None, everywhere: Mapping[str, str]) -> list[Writer[Row]]:
    shown: Writer[Row] = JsonWriter() if asked.as_json else PagedTable(COLUMNS, _cells)
    return [shown, *([CsvRows[Row](NAMES, file, everywhere)] if file is not None else [])]


def _cells(row: Row) -> Sequence[str]:
    return (
        row.day.isoformat(),
        row.fact.value,
        row.order_number or (NOTHING if row.shop_id is None else str(row.shop_id)),
        row.m3_number or NOTHING,
        row.fact.value if row.what == WHOLE else row.what,
        row.shop or NOTHING,
        row.m3 or NOTHING,
        row.currency,
        why_cell(row.reason.value, row.words, row.remedy),
    )


def _tell(store: StoreContext, period: Period, totals: Totals) -> None:
    if totals.days:
        say("")
        print_table(
            ("Day", "Cur.", "What", "Shop", "Sum", "M3", "Sum", "Difference", "Unexplained"),
            ((day, currency, fact.value, one.shop_count, one.shop, one.m3_count, one.m3, one.shop - one.m3,
              f"{one.unexplained} ({one.unexplained_count})" if one.unexplained_count else "")
             for (day, currency, fact), one in sorted(totals.days.items())),
            title="By day and currency",
        )  # fmt: skip
    if totals.accounts:
        say("")
        print_table(
            ("Account", "Cur.", "Shop", "M3", "Difference"),
            ((account, currency, one.shop, one.m3, one.shop - one.m3)
             for (account, currency), one in sorted(totals.accounts.items())),
            title="By account (negative: credit)",
        )  # fmt: skip
    say("")
    say(f"Store {store.name}, {period.first} to {period.last} ({store.config.m3.timezone}).")
    for line in totals.lines():
        say(line)
