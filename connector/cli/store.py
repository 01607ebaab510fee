"""`connector store`: adds, lists, checks, pauses and resumes stores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy import Connection, Engine

from connector.cli.check import run_check
from connector.cli.opening import open_ledger_only, person, require_store
from connector.cli.output import print_json, print_table, say, warn
from connector.cli.store_files import Given, WholeStore, complete_store, given_secrets, require_store_name
from connector.cli.working import open_runtime
from connector.errors import PermanentError
from connector.flows.polling import believe_missing
from connector.ledger import tenure
from connector.ledger.dispatch import leave_to_sweeper
from connector.ledger.pauses import FlowPause, paused_flows, resume_flow
from connector.ledger.people import note_decision
from connector.ledger.session import transaction
from connector.ledger.stores import (
    find_store,
    list_stores,
    pause_store,
    resume_store,
    save_store,
    sealed_credentials,
)
from connector.vault.credentials import NEEDED, CredentialName, seal_credentials

app = typer.Typer(no_args_is_help=True, help="Add, list, check, pause and resume stores.")

Name = Annotated[str, typer.Argument(help="The store's code: 1 to 8 small letters and digits; it never changes.")]
FROM = "Read from standard input with `-`"
ADDED_PAUSED = "added with --paused, not resumed yet"


@app.command()
def add(
    name: Name,
    woo_url: Annotated[str | None, typer.Option(help="Address of the shop, as https://shop.example.")] = None,
    woo_key: Annotated[str | None, typer.Option(help=f"Consumer key. {FROM}, or CONNECTOR_WOO_KEY.")] = None,
    woo_secret: Annotated[str | None, typer.Option(help=f"Consumer secret. {FROM}, or CONNECTOR_WOO_SECRET.")] = None,
    webhook_secret: Annotated[
        str | None, typer.Option(help=f"Signs the webhooks. {FROM}, or CONNECTOR_WEBHOOK_SECRET.")
    ] = None,
    ionapi: Annotated[Path | None, typer.Option(help="The .ionapi file (also CONNECTOR_IONAPI, its content).")] = None,
    config: Annotated[Path | None, typer.Option(help="The store file; config/stores/example.yaml shows one.")] = None,
    ion_basic: Annotated[
        str | None,
        typer.Option(help=f"user:password that ION and M3 show when they deliver. {FROM}, or CONNECTOR_ION_BASIC."),
    ] = None,
    ion_api_key: Annotated[
        str | None, typer.Option(help=f"Key they show in a header. {FROM}, or CONNECTOR_ION_API_KEY.")
    ] = None,
    ion_oauth: Annotated[
        str | None, typer.Option(help=f"key:secret they sign with (OAuth 1.0a). {FROM}, or CONNECTOR_ION_OAUTH.")
    ] = None,
    paused: Annotated[
        bool, typer.Option("--paused", help="Carry nothing for the new store before `connector store resume`.")
    ] = False,
) -> None:
    """Add a store, or change the pieces that are given; all are checked before anything is stored."""
    require_store_name(name)
    options = {
        CredentialName.WOO_KEY: woo_key,
        CredentialName.WOO_SECRET: woo_secret,
        CredentialName.WEBHOOK_SECRET: webhook_secret,
        CredentialName.IONAPI: None if ionapi is None else str(ionapi),
        CredentialName.ION_BASIC: ion_basic,
        CredentialName.ION_API_KEY: ion_api_key,
        CredentialName.ION_OAUTH: ion_oauth,
    }
    secrets = given_secrets(options)
    given = Given(name=name, shop_url=woo_url, config_file=config, secrets=secrets)
    with open_runtime() as runtime:
        sealed_anew = seal_credentials(runtime.cipher, secrets)
        with transaction(runtime.engine) as connection:
            known, sealed = find_store(connection, name), sealed_credentials(connection, name)
        if paused and known is not None:
            raise PermanentError(
                f"Store {name} is there already. Nothing was changed.",
                resolution=f"Leave --paused out; `connector store pause {name}` pauses it.",
            )
        whole = complete_store(given, known=known, sealed=sealed, runtime=runtime)
        with transaction(runtime.engine) as connection:
            _save(connection, name, whole=whole, sealed=sealed_anew, is_new=known is None)
            if paused:
                pause_store(connection, name, by="person", reason=ADDED_PAUSED)
    say(_saved(name, whole.changed, is_new=known is None, is_paused=paused))


@app.command("list")
def list_(as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """List the stores."""
    with open_ledger_only() as engine, transaction(engine) as connection:
        rows = list_stores(connection)
        missing = {row.name: _missing(set(sealed_credentials(connection, row.name))) for row in rows}
        pauses = paused_flows(connection)
    if as_json:
        print_json(
            [
                {
                    "name": row.name,
                    "shop_url": row.shop_url,
                    "config_source": row.config_source,
                    "version": row.version,
                    "paused_by": row.paused_by,
                    "paused_reason": row.paused_reason,
                    "paused_flows": {one.flow: one.reason for one in pauses if one.store == row.name},
                    "missing_credentials": missing[row.name],
                }
                for row in rows
            ]
        )
        return
    if not rows:
        say("There is no store yet. Add one with `connector store add`.")
        return
    print_table(
        ("Store", "Shop", "Store file", "Version", "State"),
        (
            (row.name, row.shop_url, row.config_source, row.version, _state(row.paused_by, row.paused_reason))
            for row in rows
        ),
    )
    for pause in pauses:
        warn(f"{pause.flow} of store {pause.store} stands still: {pause.reason} {pause.resolution}")
    for name, lacking in missing.items():
        if lacking:
            warn(f"Store {name} lacks credentials: {', '.join(lacking)}. Add them with `connector store add {name}`.")


@app.command()
def check(name: Name, as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """Check everything one store needs and say what to fix."""
    run_check(only=name, as_json=as_json)


@app.command()
def pause(
    name: Name, reason: Annotated[str, typer.Option(help="Why; shown in listings.")] = "paused by a person"
) -> None:
    """Stop carrying anything for a store; what comes in is kept and waits."""
    with open_ledger_only() as engine:
        require_store(engine, name)
        with transaction(engine) as connection:
            pause_store(connection, name, by="person", reason=reason)
            note_decision(connection, "store_paused", store=name, key=name, who=person(), why=reason)
    say(f"Store {name} is paused. Deliveries are still taken in; `connector store resume {name}` carries them across.")


@app.command()
def resume(name: Name) -> None:
    """Let a store run again, and what stands still of it; what waited is due at once."""
    with open_ledger_only() as engine:
        row = require_store(engine, name)
        with transaction(engine) as connection:
            pauses = [one for one in paused_flows(connection) if one.store == name]
        for one in pauses:
            _believe(engine, one)
        with transaction(engine) as connection:
            resume_store(connection, name)
            for one in pauses:
                resume_flow(connection, name, flow=one.flow)
            what = ", ".join(f"{one.flow}, {len(one.missing_ids)} missing orders looked at" for one in pauses)
            note_decision(connection, "store_resumed", store=name, key=name, who=person(), why=what)
    say(f"Store {name} runs again." if row.paused_by else _resumed(name, pauses))


@app.command(name="take-over")
def take_over(name: Name, reason: Annotated[str, typer.Option(help="Why the other installation is gone.")]) -> None:
    """Let this installation write for a store that M3 says another one writes for. Only if that one is gone for good."""
    with open_ledger_only() as engine:
        require_store(engine, name)
        with transaction(engine) as connection:
            tenure.take_over(connection, name)
            note_decision(connection, "store_taken_over", store=name, key=name, who=person(), why=reason)
    say(
        f"Store {name} is taken over with its next order. Orders wait some minutes first: if the other installation shows "
        "itself meanwhile, it keeps the store and `connector status` says so."
    )
    say(
        "What the other installation posted is found in M3, and what people discarded there by the mark on the shop's orders: look "
        "for changed_after_discard in `connector dead-letters list` before anything is released. A discard of its last "
        "seconds may bear no mark; `audit export` of its ledger, if there is one left, names it."
    )


def _believe(engine: Engine, pause: FlowPause) -> None:
    """Has each order that was missing looked at by itself; the sweeper sends them."""
    polled = believe_missing(engine, pause.store, order_ids=pause.missing_ids)
    with transaction(engine) as connection:
        leave_to_sweeper(connection, [one.exchange_id for one in polled.messages])


def _resumed(name: str, pauses: list[FlowPause]) -> str:
    if not pauses:
        return f"Store {name} was not paused; nothing changed."
    return "\n".join(
        f"{one.flow} of store {name} goes on; what it held back is asked for again, and carried as it then is."
        if not one.missing_ids
        else f"{one.flow} of store {name} goes on. The {len(one.missing_ids)} orders that were missing are asked for one by one; "
        "those that M3 holds and the shop does not will be dead letters that say what to do."
        for one in pauses
    )


def _save(connection: Connection, name: str, *, whole: WholeStore, sealed: Mapping[str, bytes], is_new: bool) -> None:
    save_store(
        connection,
        name,
        shop_url=whole.shop_url,
        config=whole.config,
        config_source=whole.config_source,
        sealed=sealed,
    )
    action, given = "store_added" if is_new else "store_changed", ", ".join(whole.changed)
    note_decision(connection, action, store=name, key=name, who=person(), why=f"given: {given}")


def _saved(name: str, changed: Sequence[str], *, is_new: bool, is_paused: bool) -> str:
    check = f"Next: connector store check {name}"
    if not is_new:
        return f"Store {name} is changed ({', '.join(changed)}).\n{check}"
    if is_paused:
        return (
            f"Store {name} is added, and paused: nothing is carried for it yet.\n{check}; connector sync orders_to_m3 --ids ... "
            f"--dry-run; connector webhooks install {name} --url ...; then connector store resume {name}"
        )
    return (
        f"Store {name} is added. Its orders from now on are carried, and what its store file publishes.\n{check}, then "
        f"connector webhooks install {name} --url ..."
    )


def _missing(present: set[str]) -> list[str]:
    return [str(name) for name in NEEDED if name not in present]


def _state(paused_by: str | None, reason: str | None) -> str:
    return "running" if paused_by is None else f"paused by {paused_by}: {reason or 'no reason given'}"
