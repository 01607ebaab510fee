"""`connector items`: a person says which M3 item a shop SKU is, and sees which items cannot be carried to the shop."""

from __future__ import annotations

from typing import Annotated

import typer

from connector.cli.flow_names import Flow
from connector.cli.opening import open_ledger_only, person, require_if_named, the_store
from connector.cli.output import print_json, print_table, say, warn
from connector.cli.working import open_runtime
from connector.errors import ConnectorError, MappingError, PermanentError, UnknownItemError
from connector.flows.orders.items import ITEM_NUMBER_LENGTH, SELLABLE
from connector.flows.pulls import PULLS
from connector.ledger.items import map_item
from connector.ledger.offer_listing import list_problems
from connector.ledger.offers import mark_due
from connector.ledger.people import note_decision
from connector.ledger.session import transaction
from connector.ledger.stores import StoreRow, heal_dead_letters
from connector.m3.programs import mms200mi
from connector.m3.rejections import is_not_found
from connector.runtime import Runtime
from connector.stores.reading import parse_store_config

HELD_BY_ITEMS = (UnknownItemError.code, MappingError.code)

app = typer.Typer(no_args_is_help=True, help="Say which M3 item a shop SKU is; list items that cannot be carried.")


@app.callback()
def items() -> None:
    """Say which M3 item a shop SKU is; list items that cannot be carried."""


@app.command("map")
def map_(
    sku: Annotated[str, typer.Argument(help="SKU of the shop, exactly as there.")],
    itno: Annotated[str, typer.Argument(metavar="ITNO", help="Item number of M3.")],
    store: Annotated[str | None, typer.Option(help="The store; may be left out if there is only one.")] = None,
) -> None:
    """Map a SKU to an M3 item; orders that waited for it run again, and its product gets the item's price and stock."""
    item_number = itno.strip().upper()
    if not sku.strip() or not 0 < len(item_number) <= ITEM_NUMBER_LENGTH:
        raise PermanentError(
            f"{itno!r} cannot be an item number of M3 (1 to {ITEM_NUMBER_LENGTH} characters), or the SKU is blank.",
            resolution="Look the item up in MMS001.",
        )
    with open_runtime() as runtime:
        row = the_store(runtime.engine, store)
        why_not_checked = _require_item(runtime, row.name, item_number)
        with transaction(runtime.engine) as connection:
            others = map_item(connection, row.name, sku=sku, item_number=item_number)
            for flow in _published_flows(row):
                mark_due(connection, row.name, flow=flow, item_numbers=[item_number, *others])
            note_decision(
                connection, "item_mapped", store=row.name, key=sku, who=person(), why=f"is item {item_number}"
            )
            released = heal_dead_letters(connection, row.name, codes=HELD_BY_ITEMS)
    say(f"SKU {sku} of store {row.name} is item {item_number} in M3.")
    if why_not_checked:
        warn(f"Not checked: M3 could not be asked if it has item {item_number}. {why_not_checked}")
    say(f"{released} dead letter{'' if released == 1 else 's'} that could not be mapped will run again.")


@app.command()
def problems(
    store: Annotated[str | None, typer.Option(help="Of this store alone.")] = None,
    flow: Flow = None,
    limit: Annotated[int, typer.Option(min=1, max=100000, help="At most so many.")] = 200,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """List the items that cannot be carried to the shop: what is wrong, and what to do."""
    with open_ledger_only() as engine:
        require_if_named(engine, store)
        with transaction(engine) as connection:
            rows = list_problems(connection, store=store, flow=flow, most=limit)
    if as_json:
        print_json(rows)
    elif not rows:
        say("None.")
    else:
        print_table(
            ("Store", "Flow", "Item", "SKU", "Since (UTC)", "What is wrong", "What to do"),
            ((one.store, one.flow, one.item_number, one.sku, one.since, one.problem, one.remedy) for one in rows),
        )


def _published_flows(row: StoreRow) -> list[str]:
    """Returns the flows that show items in the shop; the sweeper sends what is made due in them."""
    publish = parse_store_config(row.config, source=row.config_source).publish
    return [one.flow for one in PULLS.values() if one.is_of_items and getattr(publish, one.part) is not None]


def _require_item(runtime: Runtime, store: str, item_number: str) -> str:
    """Asks M3 if the item can be sold.

    Returns:
        Why M3 could not be asked; empty if it has the item.

    Raises:
        PermanentError: M3 has no such item, or does not sell it.
    """
    try:
        (answer,) = runtime.store(store).m3.read([mms200mi.get_item_basic(item_number)])
        if is_not_found(answer.error):
            status = ""
        elif answer.error is not None:
            return answer.error.message
        else:
            status = mms200mi.read_item_basic(answer).status
    except ConnectorError as error:
        return error.message
    if not SELLABLE[0] <= status < SELLABLE[1]:
        what = f"has item {item_number} in status {status}, in which it is not sold" if status else (
            f"has no item {item_number}")  # fmt: skip
        raise PermanentError(
            f"M3 {what}. Nothing was changed.",
            resolution="Look the item number up in MMS001, or create or activate the item there, then map it again.",
        )
    return ""
