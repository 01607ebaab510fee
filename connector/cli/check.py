"""`connector check`: looks at everything the connector talks to and says what to fix; also behind `store check`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from connector.cli.checks.accounts import check_accounts
from connector.cli.checks.finding import Area, Finding, Level
from connector.cli.checks.installation import AREA, check_installation
from connector.cli.checks.invoices import check_invoices
from connector.cli.checks.m3_charges import check_charges
from connector.cli.checks.m3_currencies import check_currencies
from connector.cli.checks.m3_customers import check_customers
from connector.cli.checks.m3_fields import check_fields
from connector.cli.checks.m3_items import check_items
from connector.cli.checks.m3_messages import check_messages
from connector.cli.checks.m3_order_types import check_order_type
from connector.cli.checks.m3_refunds import check_refunds
from connector.cli.checks.m3_site import check_access, check_site
from connector.cli.checks.m3_tenure import check_tenure
from connector.cli.checks.permissions import Permissions, print_permissions, site_of
from connector.cli.checks.permissions import permissions as permissions_of
from connector.cli.checks.prices import check_prices
from connector.cli.checks.shop import check_shop
from connector.cli.checks.used_operations import used_operations
from connector.cli.opening import open_settings, require_store
from connector.cli.output import err, out, print_json, print_table, say
from connector.cli.working import open_runtime
from connector.errors import ConnectorError
from connector.flows.context import StoreContext
from connector.ledger.session import transaction
from connector.ledger.stores import StoreRow, list_stores
from connector.m3.operations import load_operations
from connector.runtime import Runtime
from connector.settings import Settings

COLOURS = {Level.OK: "green", Level.WARN: "yellow", Level.FAIL: "bold red"}

app = typer.Typer()


@app.command()
def check(
    permissions: Annotated[
        bool,
        typer.Option(
            "--permissions", help="List what the M3 users and REST keys must be allowed instead; asks nobody."
        ),
    ] = False,
    store: Annotated[str | None, typer.Option(help="Of this store alone.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Ping everything the connector talks to and say what to fix; status 1 if anything fails."""
    if permissions:
        _list_permissions(only=store, as_json=as_json)
    else:
        run_check(only=store, as_json=as_json)


def _list_permissions(*, only: str | None, as_json: bool) -> None:
    """Lists them from store files and operations alone, for they are needed before anything can be asked."""
    with open_runtime() as runtime:
        told = [_permissions(runtime, row.name) for row in _rows(runtime, only)]
    if as_json:
        print_json(told)
    elif told:
        print_permissions(told)
    else:
        say("There is no store yet. Add one with `connector store add`.")


def _permissions(runtime: Runtime, name: str) -> Permissions:
    store = runtime.store(name)
    operations = load_operations(runtime.settings.config_dir, store.config.operations)
    return permissions_of(name, site_of(store.config, store.mappings), operations)


def run_check(*, only: str | None, as_json: bool) -> None:
    """Runs the checks, shows them, and ends the command.

    Args:
        only: Name of the one store to check, None for all.
        as_json: Print JSON instead of a table.
    """
    settings = open_settings()
    console = err()
    findings = list(_with_progress(_check_all(settings, only=only), console))
    if as_json:
        print_json(findings)
    else:
        _print(findings)
    raise typer.Exit(1 if any(one.level is Level.FAIL for one in findings) else 0)


def _check_all(settings: Settings, *, only: str | None) -> Iterator[Finding]:
    found = list(check_installation(settings))
    yield from found
    if any(one.level is Level.FAIL for one in found if one.name in ("database", "migrations")):
        return
    with open_runtime(settings) as runtime:
        rows = _rows(runtime, only)
        if not rows:
            yield AREA.warn("stores", "no store is set up yet", remedy="connector store add --help says what it needs")
        for row in rows:
            yield from check_store(runtime, row)


def _rows(runtime: Runtime, only: str | None) -> list[StoreRow]:
    if only is not None:
        return [require_store(runtime.engine, only)]
    with transaction(runtime.engine) as connection:
        return list_stores(connection)


def check_store(runtime: Runtime, row: StoreRow) -> Iterator[Finding]:
    """Yields what was found about one store."""
    area = Area(row.name)
    if row.paused_by is not None:
        yield area.warn(
            "store",
            f"Paused by {row.paused_by}: {row.paused_reason or 'no reason given'}",
            remedy=f"connector store resume {row.name}",
        )
    try:
        store = runtime.store(row.name)
    except ConnectorError as error:
        yield area.error("credentials and files", error)
        return
    yield area.ok("credentials and files", "complete; store file, mapping files and .ionapi file can be read")
    yield check_messages(area, runtime.ion_secrets(row.name))
    yield from check_accounts(area, store.config, engine=runtime.engine)
    yield from check_invoices(area, store.shop, store.config)
    yield from check_shop(area, store.shop, store.config)
    access, answers = check_access(area, store.m3)
    yield from access
    if answers:
        for look in _m3_checks(area, store, runtime):
            yield from look()


def _m3_checks(area: Area, store: StoreContext, runtime: Runtime) -> list[Callable[[], Iterable[Finding]]]:
    m3, config = store.m3, store.config
    site = site_of(config, store.mappings)
    operations = used_operations(load_operations(runtime.settings.config_dir, config.operations), site)
    return [
        lambda: check_site(area, m3, config),
        lambda: check_order_type(area, m3, config),
        lambda: check_refunds(area, m3, config),
        lambda: check_tenure(area, m3, config, ledger=runtime.engine),
        lambda: check_charges(area, m3, config),
        lambda: check_currencies(area, m3, config, shop=store.shop),
        lambda: check_customers(area, m3, config),
        lambda: check_items(area, shop=store.shop, m3=m3, config=config, engine=runtime.engine, now=datetime.now(UTC)),
        lambda: check_prices(area, store, now=datetime.now(UTC)),
        lambda: check_fields(area, m3, operations=operations, mappings=store.mappings),
    ]


def _with_progress(findings: Iterator[Finding], console: Console) -> Iterator[Finding]:
    """Shows on a terminal what was looked at last; a file or pipe gets nothing of it."""
    with console.status("Looking ...") as status:
        for one in findings:
            status.update(f"{escape(one.area)}: {escape(one.name)}")
            yield one


def _print(findings: list[Finding]) -> None:
    console = out()
    print_table(
        ("", "Where", "What", "Found", "What to do"),
        ((one.level, one.area, one.name, one.message, one.remedy) for one in findings),
    )
    counts = {level: sum(one.level is level for one in findings) for level in Level}
    colour = COLOURS[Level.FAIL if counts[Level.FAIL] else Level.WARN if counts[Level.WARN] else Level.OK]
    warnings = "warning" if counts[Level.WARN] == 1 else "warnings"
    console.print(
        f"\n[{colour}]{counts[Level.OK]} ok, {counts[Level.WARN]} {warnings}, {counts[Level.FAIL]} failed[/{colour}]"
    )
    if {one.area for one in findings} <= {"installation"} and not counts[Level.FAIL]:
        say("There is no store yet. Add one with `connector store add`.")
