"""`connector rates`: the exchange rates of M3 that are kept, and reading them now."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

import typer

from connector.cli.opening import the_store
from connector.cli.output import print_json, print_table, say
from connector.cli.working import open_runtime
from connector.flows.rates import read_rates
from connector.ledger.cursors import now
from connector.ledger.rates import StoredRate, list_rates
from connector.ledger.session import transaction

app = typer.Typer(no_args_is_help=True, help="List the exchange rates of M3 that are kept; read them now.")

Store = Annotated[str | None, typer.Option(help="The store; may be left out if there is only one.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.callback()
def rates() -> None:
    """List the exchange rates of M3 that are kept; read them now."""


@app.command("list")
def list_(
    store: Store = None,
    days: Annotated[int, typer.Option(min=1, help="Valid from one of so many days back.")] = 7,
    as_json: AsJson = False,
) -> None:
    """List what is kept, by currency and type, the newest first."""
    with open_runtime() as runtime:
        context = runtime.store(the_store(runtime.engine, store).name)
        with transaction(runtime.engine) as connection:
            since = now(connection).astimezone(context.config.m3.zone).date() - timedelta(days=days)
            kept = list_rates(connection, context.m3_scope, division=context.config.m3.division, since=since)
    _show(kept, as_json=as_json)


@app.command()
def read(store: Store = None, as_json: AsJson = False) -> None:
    """Read the rates from M3 now; status 1 if one is missing for today."""
    with open_runtime() as runtime:
        context = runtime.store(the_store(runtime.engine, store).name)
        found = read_rates(runtime.engine, context)
    _show(found.rates, as_json=as_json)


def _show(kept: list[StoredRate] | tuple[StoredRate, ...], *, as_json: bool) -> None:
    if as_json:
        print_json(kept)
    elif kept:
        print_table(
            ("Currency", "In", "Type", "Valid from", "Rate", "Method (DMCU)", "Factor (RAFA)", "Read at"),
            ((one.currency, one.local_currency, one.rate_type, one.valid_from, one.value, one.method, one.factor, one.read_at)
             for one in kept),
        )  # fmt: skip
    else:
        say("None.")
