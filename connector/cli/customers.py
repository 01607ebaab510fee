"""`connector customers`: which accounts of a shop are customers of M3, how one stands, that one is not, and that one is again.

Never who they are.
"""

from __future__ import annotations

from typing import Annotated

import typer

from connector.cli.opening import open_ledger_only, person, require_if_named, require_store, the_store
from connector.cli.output import print_json, print_table, say
from connector.cli.sending import send_messages
from connector.cli.working import open_runtime
from connector.errors import PermanentError
from connector.flows.customers.poll import ask_for_customers
from connector.ledger.account_listing import AccountRow, ShopperRow, list_accounts, list_shoppers
from connector.ledger.binding_again import bind_again, bind_shopper_again
from connector.ledger.session import transaction
from connector.ledger.unbinding import UnboundRow, list_unbound, unbind_shopper
from connector.ledger.unbinding import unbind as unbind_account
from connector.runtime import Runtime

app = typer.Typer(
    no_args_is_help=True,
    help="List which accounts are customers of M3; tell how one stands; unbind one, or bind it again.",
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
        require_if_named(engine, store)
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
        require_if_named(engine, store)
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
    account: Annotated[int | None, typer.Argument(min=1, help="Number of the account in the shop.")] = None,
    customer: Annotated[
        str | None,
        typer.Option(help="Instead: number of a customer of M3 that was taken for a shopper, perhaps a guest."),
    ] = None,
    store: Annotated[str | None, typer.Option(help="The store; may be left out if there is only one.")] = None,
    reason: Annotated[str, typer.Option(help="Why it is not this customer; kept for good, so it names nobody.")] = "",
    as_json: Json = False,
) -> None:
    """Say that an account, or a shopper, is not the customer of M3 it is bound to; no machine binds the two again."""
    if (account is None) == (customer is None):
        raise PermanentError(
            "Either an account or --customer is named.", resolution="See `connector customers unbind --help`."
        )
    with open_runtime() as runtime:
        name = the_store(runtime.engine, store).name
        if account is not None:
            _unbind_account(runtime, name, account, why=reason, as_json=as_json)
        else:
            _unbind_shopper(runtime, name, customer or "", why=reason, as_json=as_json)


@app.command()
def bind(
    account: Annotated[
        int | None, typer.Argument(min=1, help="Number of the account in the shop; none: of a shopper.")
    ] = None,
    customer: Annotated[str, typer.Option(help="Number of the customer of M3 it was unbound from.")] = "",
    shopper: Annotated[
        int | None, typer.Option(help="Exchange of the shopper, where several were unbound from this customer.")
    ] = None,
    store: Annotated[str | None, typer.Option(help="The store; may be left out if there is only one.")] = None,
    reason: Annotated[
        str, typer.Option(help="Why it is this customer after all; kept for good, so it names nobody.")
    ] = "",
    as_json: Json = False,
) -> None:
    """Take back that an account, or a shopper, was unbound from a customer of M3."""
    with open_runtime() as runtime:
        name = the_store(runtime.engine, store).name
        scope = runtime.store(name).m3_scope
        said = {"number": customer, "who": person(), "why": reason}
        with transaction(runtime.engine) as connection:
            if account is None:
                bind_shopper_again(connection, scope, exchange_id=shopper, **said)
            else:
                bind_again(connection, name, account=account, m3_scope=scope, **said)
        if account is not None:
            send_messages(runtime, ask_for_customers(runtime.engine, name, customer_ids=[account]).messages)
    if as_json:
        print_json({"store": name, "account": account, "number": customer})
        return
    who = f"Account {account} of store {name}" if account is not None else "The shopper"
    say(f"{who} is customer {customer} again.")


@app.command()
def unbound(store: Store = None, as_json: Json = False) -> None:
    """List what people said are no pairs, who said so, when and why."""
    with open_runtime() as runtime:
        scope = None if store is None else runtime.store(require_store(runtime.engine, store).name).m3_scope
        with transaction(runtime.engine) as connection:
            rows = list_unbound(connection, store=store, m3_scope=scope)
    if as_json:
        print_json(rows)
    elif rows:
        print_table(
            ("Store", "Account", "Customer", "Unbound (UTC)", "Who", "Why"),
            ((one.store, _who(one), one.number, one.unbound_at, one.who, one.why) for one in rows),
        )
    else:
        say("None.")


def _unbind_account(runtime: Runtime, name: str, account: int, *, why: str, as_json: bool) -> None:
    with transaction(runtime.engine) as connection:
        unbound = unbind_account(connection, name, account=account, who=person(), why=why)
    asked = ask_for_customers(runtime.engine, name, customer_ids=[account, *unbound.claimants])
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
    say(
        f'To take it back: connector customers bind {account} --customer {unbound.number} --store {name} --reason "..."'
    )


def _unbind_shopper(runtime: Runtime, name: str, number: str, *, why: str, as_json: bool) -> None:
    with transaction(runtime.engine) as connection:
        accounts = unbind_shopper(connection, runtime.store(name).m3_scope, number=number, who=person(), why=why)
    if as_json:
        print_json({"number": number, "accounts": accounts})
        return
    say(f"Customer {number} is not that shopper's any more: the next order finds another one, or makes it.")
    say("Orders that M3 has stay with it.")
    for one in accounts:
        store, _, account = one.partition("/")
        say(
            f"Account {one} is still this customer, and so are its orders: connector customers unbind {account} --store {store}"
        )
    say(f'To take it back: connector customers bind --customer {number} --store {name} --reason "..."')


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


def _who(row: UnboundRow) -> str:
    return str(row.account) if row.account is not None else f"shopper of exchange {row.exchange_id}"


def _to_shop(row: AccountRow) -> str:
    return row.problem or ("due" if row.is_due else "" if row.is_due is None else "shown")
