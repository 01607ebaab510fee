"""`connector purge`: removes what is old and no longer needed, or shows how much that is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

import typer
from sqlalchemy import Engine

from connector.cli.bars import bar
from connector.cli.opening import open_engine, open_settings, person
from connector.cli.output import print_json, print_table
from connector.errors import PermanentError
from connector.flows.pulling import Progress
from connector.ledger.people import note_decision
from connector.ledger.purging import Kind, Purged, count_purgeable
from connector.ledger.purging import purge as purge_ledger
from connector.ledger.session import transaction
from connector.settings import SHORTEST_KEPT_DAYS

app = typer.Typer()


@app.command()
def purge(
    older_than: Annotated[
        int | None, typer.Option(min=SHORTEST_KEPT_DAYS, metavar="DAYS", help="Instead of CONNECTOR_KEEP_DAYS.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Count, and remove nothing.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Remove old deliveries, attempts, abandoned documents and message ids that nothing needs any more."""
    settings = open_settings()
    days = older_than or settings.keep_days
    if not days:
        raise PermanentError(
            "Everything is kept for ever: CONNECTOR_KEEP_DAYS is 0.", resolution="Name an age: --older-than 180."
        )
    with open_engine(settings) as engine:
        purged = count_purgeable(engine, days=days)
        if not dry_run:
            with bar("Removing", most_likely=sum(purged.counts.values())) as tell:
                purged = purge_ledger(engine, days=days, tell=_summed(tell))
            _note(engine, purged)
    _show(purged, days, dry_run=dry_run, as_json=as_json)


def _summed(tell: Progress) -> Callable[[Kind, int], None]:
    counts: dict[Kind, int] = {}

    def told(kind: Kind, count: int) -> None:
        counts[kind] = count
        tell(sum(counts.values()), None)

    return told


def _note(engine: Engine, purged: Purged) -> None:
    removed = ", ".join(f"{count} {kind}" for kind, count in purged.counts.items() if count)
    if removed:
        with transaction(engine) as connection:
            note_decision(connection, "purged", store=None, key="ledger", who=person(), why=removed)


def _show(purged: Purged, days: int, *, dry_run: bool, as_json: bool) -> None:
    if as_json:
        print_json({"dry_run": dry_run, "older_than_days": days, "counts": purged.counts})
    else:
        title = f"Older than {days} days"
        print_table(("What", "Would be removed" if dry_run else "Removed"), purged.counts.items(), title=title)
