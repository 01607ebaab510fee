"""`connector dead-letters`: lists what waits for a person, runs it again, or discards it."""

from __future__ import annotations

from typing import Annotated

import typer
from sqlalchemy import Engine

from connector.cli.flow_names import Flow
from connector.cli.opening import open_ledger_only, person, require_if_named
from connector.cli.output import print_json, print_table, say, warn
from connector.cli.telling import read_story, tell
from connector.errors import PermanentError
from connector.ledger.listing import ExchangeFilter, list_exchanges
from connector.ledger.people import Decision, dead_letter_ids, discard, release
from connector.ledger.session import transaction
from connector.ledger.tables import State

app = typer.Typer(no_args_is_help=True, help="List, release or discard what waits for a person.")

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Id = Annotated[int, typer.Argument(metavar="ID", help="The number of the exchange.")]
Store = Annotated[str | None, typer.Option(help="Of this store alone.")]


@app.command("list")
def list_(
    store: Store = None,
    flow: Flow = None,
    limit: Annotated[int, typer.Option(min=1, max=10000, help="At most so many, the newest.")] = 50,
    as_json: Json = False,
) -> None:
    """List dead letters with what to do about each."""
    wanted = ExchangeFilter(store=store, state=State.DEAD_LETTER, flow=flow)
    with open_ledger_only() as engine:
        require_if_named(engine, store)
        with transaction(engine) as connection:
            rows = list_exchanges(connection, wanted, most=limit)
    if as_json:
        print_json(rows)
    elif not rows:
        say("No dead letters.")
    else:
        print_table(
            ("ID", "Store", "Flow", "Key", "Since (UTC)", "Reason", "What to do"),
            (
                (row.id, row.store, row.flow, row.business_key, row.settled_at, row.reason, row.resolution)
                for row in rows
            ),
        )


@app.command()
def show(exchange_id: Id, as_json: Json = False) -> None:
    """Tell the whole story of a dead letter."""
    story = read_story(exchange_id)
    if as_json:
        print_json(story)
        return
    tell(story)
    if story.exchange.state != State.DEAD_LETTER:
        warn(f"Exchange {exchange_id} is {story.exchange.state}, no dead letter.")


@app.command("release")
def release_(
    exchange_id: Annotated[int | None, typer.Argument(metavar="[ID]", help="The number of the exchange.")] = None,
    all_: Annotated[
        bool,
        typer.Option("--all", help="All dead letters, or those of --store and --reason-code; not what was discarded."),
    ] = False,
    store: Store = None,
    reason_code: Annotated[str | None, typer.Option(help="With --all: of this reason alone, like unmappable.")] = None,
    rebuild: Annotated[
        bool, typer.Option(help="Allow a new document although an earlier one may exist: look in M3 first.")
    ] = False,
    reason: Annotated[str, typer.Option(help="Why, for the audit trail.")] = "",
    as_json: Json = False,
) -> None:
    """Run dead letters again, with all their tries; by its ID also what was discarded."""
    if (exchange_id is None) == (not all_):
        raise PermanentError("Which one?", resolution="Give the ID of one dead letter, or --all.")
    if rebuild and all_:
        raise PermanentError(
            "--rebuild is decided for one order at a time.",
            resolution="Look up each order in M3, then release it by its ID with --rebuild.",
        )
    with open_ledger_only() as engine:
        ids = [exchange_id] if exchange_id is not None else _ids(engine, store=store, reason_code=reason_code)
        with transaction(engine) as connection:
            decisions = [release(connection, one, who=person(), why=reason, rebuild=rebuild) for one in ids]
    if as_json:
        print_json(decisions)
    else:
        _tell_released(decisions, rebuild=rebuild)


@app.command("discard")
def discard_(
    exchange_id: Id,
    reason: Annotated[str, typer.Option(help="Why it may be dropped; for the audit trail.")],
    entered_as: Annotated[
        str,
        typer.Option(metavar="NUMBER", help="Its number in M3, if it was entered there by hand; may be said later."),
    ] = "",
    as_json: Json = False,
) -> None:
    """Decide that a dead letter shall not be carried across, whatever the shop says of it later."""
    with open_ledger_only() as engine, transaction(engine) as connection:
        decision = discard(connection, exchange_id, who=person(), why=reason, entered_as=entered_as)
    if as_json:
        print_json(decision)
        return
    say(f"Exchange {exchange_id} ({decision.flow} {decision.business_key}) is discarded.")
    if decision.is_locked:
        say(f"{decision.left_behind} stays in M3 as it is, and is unlocked within about ten seconds.")
    elif decision.left_behind:
        warn(f"M3 may still hold {decision.left_behind} of it; nothing was undone there.")
    say(f"To have it carried after all: connector dead-letters release {exchange_id}")


def _ids(engine: Engine, *, store: str | None, reason_code: str | None) -> list[int]:
    require_if_named(engine, store)
    with transaction(engine) as connection:
        return dead_letter_ids(connection, store=store, reason_code=reason_code)


def _tell_released(decisions: list[Decision], *, rebuild: bool) -> None:
    if not decisions:
        say("No dead letters to release.")
        return
    say(f"Released: {', '.join(str(one.exchange_id) for one in decisions)}. They run within about ten seconds.")
    for store in sorted({one.store for one in decisions if one.store_paused}):
        warn(f"Store {store} is paused: they wait until `connector store resume {store}`.")
    for one in (one for one in decisions if one.was_discarded):
        warn(
            f"Exchange {one.exchange_id} was discarded before: end what was entered in M3 by hand, or M3 has it twice."
        )
        for other in one.stay_discarded:
            warn(
                f"Exchange {other.exchange_id} ({other.flow} {other.key}) of the same order stays discarded; release it too if it "
                "shall be carried."
            )
    for one in decisions:
        if rebuild and one.left_behind:
            warn(f"Exchange {one.exchange_id} began {one.left_behind} in M3 before; a second document is now allowed.")
