"""`connector customers`: which accounts of a shop are customers of M3, how one stands, and that one is not; never who they are."""

from __future__ import annotations

from typing import Annotated

import typer

from connector.cli.opening import open_ledger_only, person, require_store, the_store
from connector.cli.output import print_json, print_table, say
from connector.cli.sending import send_messages
from connector.cli.working import open_runtime
from connector.errors import PermanentError
from connector.flows.customers.poll import ask_for_customers
from connector.ledger.account_listing import AccountRow, ShopperRow, list_accounts, list_shoppers
from connector.ledger.session import transaction
from connector.ledger.unbinding import unbind as unbind_account

app = typer.Typer(
    no_args_is_help=True, help="List which accounts are customers of M3; tell how one stands; unbind one."
)

Store = Annotated[str | None, typer.Option(help="Of this store alone.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command()
def bindings(
    store: Store = None,
    doubtful: Annotated[
        bool, typer.Option("--doubtful", help="Those alone whose account may not be that customer, and why.")
    ] = False,
    limit: Annotated[int, typer.Option(min=1, max=100000, help="At most so many.")] = 200,
    as_json: Json = False,
) -> None:
    """List the accounts that are customers of M3."""
    with open_ledger_only() as engine:
        if store is not None:
            require_store(engine, store)
        with transaction(engine) as connection:
            rows = list_accounts(connection, store=store, most=limit, doubtful=doubtful)
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
            accounts = list_accounts(connection, store=store, key=key)
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


@app.command()
def unbind(
    account: Annotated[int, typer.Argument(min=1, help="Number of the account in the shop.")],
    store: Annotated[str | None, typer.Option(help="The store; may be left out if there is only one.")] = None,
    reason: Annotated[str, typer.Option(help="Why it is not this customer; kept in the audit trail.")] = "",
    as_json: Json = False,
) -> None:
    """Say that an account is not the customer of M3 it is bound to; nothing binds the two again."""
    with open_runtime() as runtime:
        name = the_store(runtime.engine, store).name
        with transaction(runtime.engine) as connection:
            unbound = unbind_account(connection, name, account=account, who=person(), why=reason)
        asked = ask_for_customers(runtime.engine, name, customer_ids=unbound.claimants)
        send_messages(runtime, asked.messages)
    if as_json:
        print_json(unbound)
        return
    say(
        f"Account {account} of store {name} is not customer {unbound.number} any more; its changes no longer travel there."
    )
    for one in unbound.claimants:
        say(f"Account {one} logs in with the address of customer {unbound.number}: it is looked at now, and bound.")
    say(
        "Its orders go on by their e-mail address. What the shop shows on the account of that customer stays: clear it there."
    )


def _print_accounts(rows: list[AccountRow]) -> None:
    print_table(
        ("Store", "Account", "Customer", "Bound (UTC)", "To M3", "To the shop", "In doubt"),
        (
            (one.store, one.account, one.number, one.bound_at, one.account_state, _to_shop(one), one.doubt)
            for one in rows
        ),
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
