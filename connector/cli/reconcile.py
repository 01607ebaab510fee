"""`connector reconcile`: M3 and the shop side by side, with the reason of each difference; for items with an optional repair."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from connector.cli.bars import bar
from connector.cli.carrying import Carried, count, wait_until_carried
from connector.cli.differences import CsvWriter, TableWriter
from connector.cli.item_ids import read_item_numbers
from connector.cli.opening import the_store
from connector.cli.output import err, say, warn
from connector.cli.publishing import require_published
from connector.cli.reconciled import show_kept
from connector.cli.reconciling import Asked, reconcile
from connector.cli.repairing import Repair
from connector.cli.rows import JsonWriter, Writer
from connector.cli.tally import Tally, of_what_was_not_found
from connector.cli.working import open_runtime
from connector.errors import PermanentError
from connector.flows.context import StoreContext
from connector.flows.pulling import Compared, Reason
from connector.flows.pulls import PULLS, PullEntry
from connector.runtime import Runtime

app = typer.Typer(
    no_args_is_help=True, help="Compare M3 with the shop; status 1 if a difference is left that nothing explains."
)

Store = Annotated[str | None, typer.Option(help="The store; may be left out if there is only one.")]
Ids = Annotated[str | None, typer.Option(help="These M3 item numbers alone, with commas between.")]
ShowAll = Annotated[bool, typer.Option("--all", help="Also show what is equal on both sides.")]
Repairs = Annotated[bool, typer.Option("--repair", help="Carry what differs again, wait, and compare once more.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
AsCsv = Annotated[bool, typer.Option("--csv", help="Print CSV, for a spreadsheet.")]
First = Annotated[str | None, typer.Option("--from", help="First day: a date, yesterday, 7d. Left out: a week.")]
Last = Annotated[str | None, typer.Option("--to", help="Last day, included. Left out: today.")]
CsvFile = Annotated[Path | None, typer.Option("--csv", help="Also write the rows to this file, for a spreadsheet.")]


PART_OF = {"catalogue": "items", "prices": "prices", "stock": "stock"}


@dataclass(frozen=True)
class _Outcome:
    """What was found, and after a repair: how many items were marked, how that ended, what is found now."""

    found: Tally
    marked: int = 0
    carried: Carried | None = None
    left: Tally | None = None

    @property
    def is_well(self) -> bool:
        return (self.left or self.found).is_explained

    def to_json(self) -> dict[str, Any]:
        repaired = None
        if self.left is not None and self.carried is not None:
            repaired = {"marked": self.marked, "held_by": self.carried.held_by, "left": self.left.to_json()}
        return {**self.found.to_json(), "repair": repaired}


@app.command()
def catalogue(
    store: Store = None,
    ids: Ids = None,
    show_all: ShowAll = False,
    repair: Repairs = False,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
) -> None:
    """Compare M3's item master with the shop's catalogue, field by field."""
    _items("catalogue", store=store, ids=ids, show_all=show_all, repair=repair, as_json=as_json, as_csv=as_csv)


@app.command()
def prices(
    store: Store = None,
    ids: Ids = None,
    show_all: ShowAll = False,
    repair: Repairs = False,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
) -> None:
    """Compare M3's price lists with the shop's prices."""
    _items("prices", store=store, ids=ids, show_all=show_all, repair=repair, as_json=as_json, as_csv=as_csv)


@app.command()
def stock(
    store: Store = None,
    ids: Ids = None,
    show_all: ShowAll = False,
    repair: Repairs = False,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
) -> None:
    """Compare M3's balances with the shop's stock, and say what makes them differ."""
    _items("stock", store=store, ids=ids, show_all=show_all, repair=repair, as_json=as_json, as_csv=as_csv)


@app.command()
def orders(
    first: First = None,
    last: Last = None,
    store: Store = None,
    show_all: ShowAll = False,
    as_json: AsJson = False,
    csv_file: CsvFile = None,
) -> None:
    """Compare orders and refunds with M3's, one by one, read from both systems; the ledger only says why they differ."""
    _books("orders", store=store, first=first, last=last, show_all=show_all, as_json=as_json, csv_file=csv_file)


@app.command()
def money(
    first: First = None,
    last: Last = None,
    store: Store = None,
    show_all: ShowAll = False,
    as_json: AsJson = False,
    csv_file: CsvFile = None,
) -> None:
    """Do the same, and compare payments and direct invoices with M3's ledger, account by account."""
    _books("money", store=store, first=first, last=last, show_all=show_all, as_json=as_json, csv_file=csv_file)


@app.command()
def kept(
    store: Store = None,
    days: Annotated[int, typer.Option(min=1, help="So many days back.")] = 14,
    as_json: AsJson = False,
) -> None:
    """Show what the daily comparisons found, day by day; status 1 if nothing explains something of it."""
    raise typer.Exit(0 if show_kept(store, days=days, as_json=as_json) else 1)


def _books(kind: str, **asked: Any) -> None:
    raise typer.Exit(0 if reconcile(Asked(kind, **asked)) else 1)


def _items(
    kind: str, *, store: str | None, ids: str | None, show_all: bool, repair: bool, as_json: bool, as_csv: bool
) -> None:
    """Compares items; status 1 if a difference is left that nothing explains, or a named item was not found."""
    if as_json and as_csv:
        raise PermanentError("--json and --csv exclude each other.", resolution="Give one of them.")
    wanted = None if ids is None else read_item_numbers(ids)
    with open_runtime() as runtime:
        context = runtime.store(the_store(runtime.engine, store).name)
        entry = PULLS[PART_OF[kind]]
        require_published(context, entry)
        writer: Writer[Compared] = JsonWriter() if as_json else CsvWriter() if as_csv else TableWriter()
        repairing = Repair(runtime, store=context.name, flow=entry.flow) if repair else None
        found = _compare(runtime, context, entry, wanted, writer=writer, show_all=show_all, repairing=repairing)
        outcome = _Outcome(found)
        if repairing is not None and not found.is_all_equal:
            carried = wait_until_carried(runtime.engine, context.name, entry.flow)
            left = _compare(runtime, context, entry, wanted)
            outcome = _Outcome(found, repairing.marked, carried, left)
    lacking = found.not_found(wanted)
    writer.end({"store": context.name, "kind": kind, **outcome.to_json(), "not_found": lacking})
    if lacking:
        warn(of_what_was_not_found(lacking))
    if not as_json:
        _tell(outcome, to_stderr=as_csv)
    raise typer.Exit(0 if outcome.is_well and not lacking else 1)


def _compare(
    runtime: Runtime,
    store: StoreContext,
    entry: PullEntry,
    wanted: Sequence[str] | None,
    *,
    writer: Writer[Compared] | None = None,
    show_all: bool = False,
    repairing: Repair | None = None,
) -> Tally:
    tally = Tally()
    known = count(runtime.engine, store.name, entry.flow).known
    with bar(f"Comparing {entry.part}", most_likely=known) as tell:
        rows = tally.counted(entry.compare(runtime.engine, store, item_numbers=wanted, progress=tell))
        for row in rows if repairing is None else repairing.marking(rows):
            if writer is not None and (show_all or row.reason is not Reason.EQUAL):
                writer.add(row)
    return tally


def _tell(outcome: _Outcome, *, to_stderr: bool) -> None:
    tell = (lambda line: err().print(line, markup=False)) if to_stderr else say
    for line in outcome.found.lines():
        tell(line)
    if outcome.left is None or outcome.carried is None:
        return
    tell(f"Repair: {outcome.marked} items were carried again. Compared once more:")
    for line in outcome.left.lines():
        tell(line)
    if outcome.carried.held_by:
        warn(f"{outcome.carried.due} items are still due: {outcome.carried.held_by}")
