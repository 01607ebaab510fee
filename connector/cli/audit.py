"""`connector audit export`: the audit trail as JSON lines."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, TextIO

import typer
from sqlalchemy import Engine

from connector.cli.moments import read_moment
from connector.cli.opening import open_ledger_only, require_store
from connector.cli.output import err, json_line
from connector.errors import PermanentError
from connector.ledger.listing import export_audit

app = typer.Typer(no_args_is_help=True, help="Export the audit trail.")


@app.callback()
def audit() -> None:
    """Export the audit trail."""


@app.command()
def export(
    store: Annotated[str | None, typer.Option(help="Of this store alone.")] = None,
    since: Annotated[
        str | None, typer.Option(help="From this time on (UTC unless it names a zone), or 2h, 3d.")
    ] = None,
    until: Annotated[str | None, typer.Option(help="Before this time.")] = None,
    output: Annotated[Path | None, typer.Option(help="Write into this file instead of stdout.")] = None,
) -> None:
    """Write the audit trail as JSON lines, oldest first."""
    now = datetime.now(UTC)
    begin = None if since is None else read_moment(since, option="--since", now=now)
    end = None if until is None else read_moment(until, option="--until", now=now)
    with open_ledger_only() as engine:
        if store is not None:
            require_store(engine, store)
        if output is None:
            _write(engine, sys.stdout, store=store, since=begin, until=end)
            return
        try:
            with output.open("w", encoding="utf-8") as file:
                count = _write(engine, file, store=store, since=begin, until=end)
        except OSError as error:
            raise PermanentError(
                f"{output} cannot be written ({error.strerror}).", resolution="Choose another file with --output."
            ) from None
        err().print(f"{count} lines written to {output}.")


def _write(engine: Engine, to: TextIO, *, store: str | None, since: datetime | None, until: datetime | None) -> int:
    count = 0
    for row in export_audit(engine, store=store, since=since, until=until):
        to.write(json_line(row) + "\n")
        count += 1
    return count
