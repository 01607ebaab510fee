"""`connector audit`: the audit trail for a reader elsewhere, and whether it is what was written."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, TextIO

import typer
from sqlalchemy import Engine

from connector.cli.audit_lines import without_people, write_csv, write_json
from connector.cli.bars import bar
from connector.cli.moments import read_window
from connector.cli.opening import open_ledger_only, person, require_if_named
from connector.cli.output import err, print_json, say, shown
from connector.errors import PermanentError
from connector.flows.customers.keys import email_key
from connector.ledger import seals
from connector.ledger.audit_export import About, Line, Subject, Wanted, export_audit, find_exchanges
from connector.ledger.audit_removal import count_removable, remove_audit
from connector.ledger.people import note_decision
from connector.ledger.session import transaction
from connector.ledger.unwitnessed import exchanges_untold
from connector.settings import SHORTEST_AUDIT_DAYS

MOST_NAMED = 10

app = typer.Typer(no_args_is_help=True, help="Export the audit trail, verify it, or remove what is oldest.")


@app.callback()
def audit() -> None:
    """Export the audit trail, verify it, or remove what is oldest."""


@app.command()
def export(
    order: Annotated[
        str | None, typer.Option(help="All of one order: its id in the shop, or its number in M3.")
    ] = None,
    customer: Annotated[
        str | None, typer.Option(help="All of one customer and its orders: number in M3, or e-mail address.")
    ] = None,
    refund: Annotated[
        str | None, typer.Option(help="All of one refund: its id in the shop, or the number of its return in M3.")
    ] = None,
    store: Annotated[str | None, typer.Option(help="Of this store alone.")] = None,
    since: Annotated[
        str | None, typer.Option("--from", "--since", help="From this time on (UTC unless it names a zone), or 2h, 3d.")
    ] = None,
    until: Annotated[str | None, typer.Option("--to", "--until", help="Before this time.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="JSON lines: what is written unless --csv is given.")] = False,
    csv_file: Annotated[Path | None, typer.Option("--csv", help="Write CSV into this file.")] = None,
    output: Annotated[Path | None, typer.Option(help="Write JSON lines into this file instead of stdout.")] = None,
    personal: Annotated[
        bool, typer.Option("--personal", help="Show people's data too; that you did is itself in the audit trail.")
    ] = False,
    reason: Annotated[str, typer.Option(help="With --personal: what it is needed for.")] = "",
) -> None:
    """Write the audit trail, oldest first: who wrote what, before and after, why, in which attempt."""
    if csv_file is not None and (as_json or output is not None):
        raise PermanentError("--csv excludes --json and --output.", resolution="Give one of them.")
    if personal and not reason.strip():
        raise PermanentError(
            "People's data is shown only for a reason.", resolution='Add --reason "what it is needed for".'
        )
    subject = _subject(order=order, customer=customer, refund=refund)
    with open_ledger_only() as engine:
        wanted = _wanted(engine, subject, store=store, since=since, until=until)
        if personal:
            _note_shown(engine, wanted, why=reason)
        found = export_audit(engine, wanted)
        lines = found if personal else without_people(found)
        if csv_file is not None:
            _into(csv_file, lines, write_csv, option="--csv")
        elif output is not None:
            _into(output, lines, write_json, option="--output")
        else:
            write_json(lines, sys.stdout)


@app.command()
def verify(
    anchor: Annotated[
        str | None, typer.Option(help="A digest noted earlier (log event audit_sealed); it must be in the chain.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Compute the chain over the audit trail anew; status 1 if a line was changed, removed, moved or put in."""
    with open_ledger_only() as engine, bar("Verifying") as tell:
        verified = seals.verify(engine, anchor=anchor, progress=lambda lines: tell(lines, None))
        untold = list(exchanges_untold(engine))
    is_whole = verified.is_whole and not untold
    if as_json:
        print_json({**asdict(verified), "exchanges_untold": untold, "is_whole": is_whole})
    else:
        _tell(verified, anchor, untold=untold)
    raise typer.Exit(0 if is_whole else 1)


@app.command()
def purge(
    older_than: Annotated[
        int, typer.Option(min=SHORTEST_AUDIT_DAYS, metavar="DAYS", help="Lines older than so many days.")
    ],
    reason: Annotated[str, typer.Option(help="Why they may go; it stays in the trail.")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Count, and remove nothing.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Remove the oldest lines; their seals stay, and the trail tells of it, so that `verify` proves the rest."""
    if not dry_run and not reason.strip():
        raise PermanentError("The trail is shortened only for a reason.", resolution='Add --reason "why they may go".')
    with open_ledger_only() as engine:
        if dry_run:
            with transaction(engine) as connection:
                lines = count_removable(connection, days=older_than)
        else:
            lines = remove_audit(engine, days=older_than, who=person(), why=reason).lines
    if as_json:
        print_json({"dry_run": dry_run, "older_than_days": older_than, "lines": lines})
    else:
        say(
            f"{lines} lines {'would be' if dry_run else 'were'} removed; only whole seals whose lines are all older go."
        )


def _tell(verified: seals.Verified, anchor: str | None, *, untold: Sequence[int]) -> None:
    if untold:
        named = ", ".join(str(one) for one in untold[:MOST_NAMED])
        say(
            f"{len(untold)} exchanges have written, as the ledger knows, and no line tells of them ({named}"
            f"{', ...' if len(untold) > MOST_NAMED else ''}): their lines were removed."
        )
    is_whole = verified.is_whole and not untold
    for one in verified.breaks:
        say(
            f"Lines {one.first_id} to {one.last_id}, sealed {shown(one.sealed_at)}, are not those that were written: "
            f"{one.lines_sealed} were sealed, {one.lines_found} are there."
        )
    if verified.removed:
        say(
            f"The first {verified.removed} lines were removed by age; lines {seals.REMOVED} of the trail say by whom and why."
        )
    if not verified.has_anchor:
        say(f"No seal has the digest {anchor}: the chain was made anew, or the digest is of another installation.")
    say(
        f"{verified.lines} lines in {verified.seals} seals: {'whole' if is_whole else 'NOT WHOLE'}. "
        f"{verified.unsealed} lines of the last minutes are not sealed yet."
    )
    if is_whole and verified.seals:
        say(f"Newest seal: {verified.newest}")
    if not is_whole:
        say("Compare the named lines with a backup of the database; `audit export` shows what is there now.")


def _subject(*, order: str | None, customer: str | None, refund: str | None) -> Subject | None:
    given = [
        (about, key.strip()) for about, key in zip(About, (order, customer, refund), strict=True) if key is not None
    ]
    if len(given) > 1:
        raise PermanentError("--order, --customer and --refund exclude each other.", resolution="Give one of them.")
    if not given:
        return None
    about, key = given[0]
    return Subject(about, (key, email_key(key)) if about is About.CUSTOMER else (key,))


def _wanted(
    engine: Engine, subject: Subject | None, *, store: str | None, since: str | None, until: str | None
) -> Wanted:
    require_if_named(engine, store)
    begin, end = read_window(since, until, options=("--from", "--to"), now=datetime.now(UTC))
    if subject is not None:
        with transaction(engine) as connection:
            is_known = bool(find_exchanges(connection, subject, store=store))
        if not is_known:
            raise PermanentError(
                f"Nothing was ever carried of that {subject.about}.",
                resolution="`connector exchanges list` shows what was; give the id of the shop, not a customised number.",
            )
    return Wanted(store=store, since=begin, until=end, subject=subject)


def _note_shown(engine: Engine, wanted: Wanted, *, why: str) -> None:
    """The subject as a digest of an e-mail address where it is one: the line itself must tell of nobody."""
    key = "all" if wanted.subject is None else f"{wanted.subject.about} {wanted.subject.keys[-1]}"
    with transaction(engine) as connection:
        note_decision(connection, "personal_data_shown", store=wanted.store, key=key, who=person(), why=why)


def _into(path: Path, lines: Iterable[Line], write: Callable[[Iterable[Line], TextIO], int], *, option: str) -> None:
    try:
        with path.open("w", encoding="utf-8", newline="") as file:
            count = write(lines, file)
    except OSError as error:
        raise PermanentError(
            f"{path} cannot be written ({error.strerror}).", resolution=f"Choose another file with {option}."
        ) from None
    err().print(f"{count} lines written to {path}.")
