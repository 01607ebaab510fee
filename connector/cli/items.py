"""`connector items`: a person says which M3 item a shop SKU is."""

from __future__ import annotations

from typing import Annotated

import typer

from connector.cli.opening import open_ledger_only, person, the_store
from connector.cli.output import say
from connector.errors import MappingError, PermanentError, UnknownItemError
from connector.ledger.items import map_item
from connector.ledger.people import note_decision
from connector.ledger.session import transaction
from connector.ledger.stores import heal_dead_letters

HELD_BY_ITEMS = (UnknownItemError.code, MappingError.code)
ITEM_NUMBER_LENGTH = 15
"""ITNO of M3."""

app = typer.Typer(no_args_is_help=True, help="Say which M3 item a shop SKU is.")


@app.callback()
def items() -> None:
    """Say which M3 item a shop SKU is."""


@app.command("map")
def map_(
    sku: Annotated[str, typer.Argument(help="SKU of the shop, exactly as there.")],
    itno: Annotated[str, typer.Argument(metavar="ITNO", help="Item number of M3.")],
    store: Annotated[str | None, typer.Option(help="The store; may be left out if there is only one.")] = None,
) -> None:
    """Map a SKU to an M3 item; orders that waited for it run again."""
    item_number = itno.strip().upper()
    if not sku.strip() or not 0 < len(item_number) <= ITEM_NUMBER_LENGTH:
        raise PermanentError(
            f"{itno!r} cannot be an item number of M3 (1 to {ITEM_NUMBER_LENGTH} characters), or the SKU is blank.",
            resolution="Look the item up in MMS001.",
        )
    with open_ledger_only() as engine:
        row = the_store(engine, store)
        with transaction(engine) as connection:
            map_item(connection, row.name, sku=sku, item_number=item_number)
            note_decision(
                connection, "item_mapped", store=row.name, key=sku, who=person(), why=f"is item {item_number}"
            )
            released = heal_dead_letters(connection, row.name, codes=HELD_BY_ITEMS)
    say(f"SKU {sku} of store {row.name} is item {item_number} in M3; M3 is asked about it at the next order.")
    if released:
        say(f"{released} dead letter{'s' if released > 1 else ''} that could not be mapped will run again.")
