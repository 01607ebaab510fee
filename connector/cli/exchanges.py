"""`connector exchanges`: lists what is carried across and tells the whole story of one; `replay` is in replay.py."""

from __future__ import annotations

from typing import Annotated

import typer

from connector.cli.flow_names import Flow
from connector.cli.opening import open_ledger_only, person, require_if_named
from connector.cli.output import print_json, print_table, say, shown
from connector.cli.replay import replay_
from connector.cli.telling import read_story, tell
from connector.errors import PermanentError
from connector.ledger.listing import ExchangeFilter, ExchangeRow, list_exchanges
from connector.ledger.people import note_decision
from connector.ledger.session import transaction
from connector.ledger.story import newest_body
from connector.ledger.tables import State

app = typer.Typer(no_args_is_help=True, help="List exchanges, tell the whole story of one, carry one once more.")
app.command("replay")(replay_)

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command("list")
def list_(
    store: Annotated[str | None, typer.Option(help="Of this store alone.")] = None,
    state: Annotated[State | None, typer.Option(help="In this state alone.")] = None,
    flow: Flow = None,
    limit: Annotated[int, typer.Option(min=1, max=10000, help="At most so many, the newest.")] = 50,
    as_json: Json = False,
) -> None:
    """List exchanges, newest first."""
    with open_ledger_only() as engine:
        require_if_named(engine, store)
        with transaction(engine) as connection:
            rows = list_exchanges(connection, ExchangeFilter(store=store, state=state, flow=flow), most=limit)
    if as_json:
        print_json(rows)
    else:
        print_exchanges(rows)


@app.command()
def show(
    exchange_id: Annotated[int, typer.Argument(metavar="ID", help="The number of the exchange.")],
    body: Annotated[
        bool,
        typer.Option(help="Print the newest stored body instead; it holds personal data, and the audit trail says so."),
    ] = False,
    as_json: Json = False,
) -> None:
    """Tell the whole story of one exchange: deliveries, attempts, documents, steps, bindings, audit."""
    if body:
        _print_body(exchange_id)
        return
    story = read_story(exchange_id)
    if as_json:
        print_json(story)
    else:
        tell(story)


def print_exchanges(rows: list[ExchangeRow]) -> None:
    """Prints exchanges as a table."""
    if not rows:
        say("None.")
        return
    print_table(
        ("ID", "Store", "Flow", "Key", "State", "Tries", "M3", "Next (UTC)", "Why"),
        (
            (row.id, row.store, row.flow, row.business_key, _state(row), row.tries or "", row.m3_number, row.due_at,
             _why(row))
            for row in rows
        ),
    )  # fmt: skip


def _state(row: ExchangeRow) -> str:
    return f"{row.state} (store paused)" if row.store_paused and row.state != State.DONE else row.state


def _why(row: ExchangeRow) -> str:
    if row.state == State.BLOCKED:
        return f"waits for {shown(row.blocked_on)}"
    return row.reason


def _print_body(exchange_id: int) -> None:
    store = read_story(exchange_id).exchange.store
    with open_ledger_only() as engine, transaction(engine) as connection:
        content = newest_body(connection, exchange_id)
        if content is not None:
            key = f"exchange {exchange_id}"
            note_decision(
                connection, "personal_data_shown", store=store, key=key, who=person(), why="exchanges show --body"
            )
    if content is None:
        raise PermanentError(
            f"No body is stored for exchange {exchange_id}.",
            resolution="What came had none (a deletion, a request by hand), or it was over 5 MB: look in the shop.",
        )
    typer.echo(content)
