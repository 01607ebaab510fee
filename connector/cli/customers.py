"""`connector customers`: which accounts of a shop are customers of M3, and how one stands; never who they are."""

from __future__ import annotations

from typing import Annotated

import typer

from connector.cli.opening import open_ledger_only, require_store
from connector.cli.output import print_json, print_table, say
from connector.errors import PermanentError
from connector.ledger.known_customers import AccountRow, ShopperRow, list_accounts, list_shoppers
from connector.ledger.session import transaction

app = typer.Typer(no_args_is_help=True, help="List which accounts are customers of M3; tell how one stands.")

Store = Annotated[str | None, typer.Option(help="Of this store alone.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command()
def bindings(
    store: Store = None,
    limit: Annotated[int, typer.Option(min=1, max=100000, help="At most so many.")] = 200,
    as_json: Json = False,
) -> None:
    """List the accounts that are customers of M3."""
    with open_ledger_only() as engine:
        if store is not None:
            require_store(engine, store)
        with transaction(engine) as connection:
            rows = list_accounts(connection, store=store, key=None, most=limit)
    if as_json:
        print_json(rows)
    elif rows:
        _print_accounts(rows)
    else:
        say("None.")


@app.command()
def show(
    key: Annotated[str, typer.Argument(help="Number of an account of the shop, or of a customer of M3.")],
    store: Store = None,
    as_json: Json = False,
) -> None:
    """Tell how a customer stands: its accounts, the exchange that made it, and what waits."""
    with open_ledger_only() as engine:
        if store is not None:
            require_store(engine, store)
        with transaction(engine) as connection:
            accounts = list_accounts(connection, store=store, key=key, most=100)
            shoppers = list_shoppers(connection, numbers={key, *(one.number for one in accounts)})
    if not accounts and not shoppers:
        raise PermanentError(
            f"Nothing is known of {key!r} as an account of a shop or as a customer of M3.",
            resolution="`connector customers bindings` lists the accounts. A guest is known by the number in M3 alone.",
        )
    if as_json:
        print_json({"accounts": accounts, "shoppers": shoppers})
        return
    _print_accounts(accounts)
    _print_shoppers(shoppers)


def _print_accounts(rows: list[AccountRow]) -> None:
    print_table(
        ("Store", "Account", "Customer", "Bound (UTC)", "To M3", "To the shop"),
        ((one.store, one.account, one.number, one.bound_at, one.account_state, _to_shop(one)) for one in rows),
    )


def _print_shoppers(rows: list[ShopperRow]) -> None:
    print_table(
        ("Exchange", "Store", "State", "Bound (UTC)", "Company", "VAT number", ""),
        (
            (
                one.exchange_id,
                one.store,
                one.state,
                one.bound_at,
                "yes" if one.is_company else "",
                "yes" if one.has_vat_number else "",
                one.reason,
            )
            for one in rows
        ),
    )


def _to_shop(row: AccountRow) -> str:
    return row.problem or ("due" if row.is_due else "" if row.is_due is None else "shown")
