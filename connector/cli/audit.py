"""`connector audit`: the audit trail as JSON lines, and whether it is what was written."""

from __future__ import annotations

import sys
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, TextIO

import typer
from sqlalchemy import Engine

from connector.cli.bars import bar
from connector.cli.moments import read_moment
from connector.cli.opening import open_ledger_only, require_store
from connector.cli.output import err, json_line, print_json, say, shown
from connector.errors import PermanentError
from connector.ledger import seals
from connector.ledger.listing import export_audit

app = typer.Typer(no_args_is_help=True, help="Export the audit trail, or verify it.")


@app.callback()
def audit() -> None:
    """Export the audit trail, or verify it."""


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


@app.command()
def verify(
    anchor: Annotated[
        str | None, typer.Option(help="A digest noted earlier (log event audit_sealed); it must be in the chain.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Compute the chain over the audit trail anew; status 1 if a line was changed, removed or put in."""
    with open_ledger_only() as engine, bar("Verifying") as tell:
        verified = seals.verify(engine, anchor=anchor, progress=lambda lines: tell(lines, None))
    if as_json:
        print_json({**asdict(verified), "is_whole": verified.is_whole})
    else:
        _tell(verified, anchor)
    raise typer.Exit(0 if verified.is_whole else 1)


def _tell(verified: seals.Verified, anchor: str | None) -> None:
    for one in verified.breaks:
        say(
            f"Lines {one.first_id} to {one.last_id}, sealed {shown(one.sealed_at)}, are not those that were written: "
            f"{one.lines_sealed} were sealed, {one.lines_found} are there."
        )
    if not verified.has_anchor:
        say(f"No seal has the digest {anchor}: the chain was made anew, or the digest is of another installation.")
    say(
        f"{verified.lines} lines in {verified.seals} seals: {'whole' if verified.is_whole else 'NOT WHOLE'}. "
        f"{verified.unsealed} lines of the last minutes are not sealed yet."
    )
    if verified.is_whole and verified.seals:
        say(f"Newest seal: {verified.newest}")
    if not verified.is_whole:
        say("Compare the named lines with a backup of the database; `audit export` shows what is there now.")


def _write(engine: Engine, to: TextIO, *, store: str | None, since: datetime | None, until: datetime | None) -> int:
    count = 0
    for row in export_audit(engine, store=store, since=since, until=until):
        to.write(json_line(row) + "\n")
        count += 1
    return count
