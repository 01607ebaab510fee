"""`connector sync customers_to_m3`: looks at accounts of the shop now, or shows what a look would write. Called by sync.py."""

from __future__ import annotations

from dataclasses import asdict

from connector.cli.output import print_json, print_table, say
from connector.cli.sending import send_messages
from connector.cli.waiting import wait_until_settled
from connector.errors import PermanentError
from connector.flows.context import StoreContext
from connector.flows.customers.compare import compare_accounts
from connector.flows.customers.leaving import FLOW
from connector.flows.customers.poll import ask_for_customers
from connector.ledger.known_customers import bound_accounts
from connector.ledger.listing import exchanges_by_key
from connector.ledger.session import transaction
from connector.publishing.customers import Accounts
from connector.runtime import Runtime

MOST_NAMED = 20


def sync_customers(runtime: Runtime, store: StoreContext, *, ids: list[int], wait: bool, as_json: bool) -> int:
    """Makes the accounts due and tells what became of them.

    Returns:
        The exit status: with a wait 1 if one is not done.

    Raises:
        PermanentError: The store does not follow its accounts.
        ConnectorError: The ledger is away.
    """
    _followed(store)
    polled = ask_for_customers(runtime.engine, store.name, customer_ids=ids)
    send_messages(runtime, polled.messages)
    with transaction(runtime.engine) as connection:
        rows = exchanges_by_key(connection, store=store.name, flow=FLOW, keys=[str(one) for one in ids])
    if wait and rows:
        rows = wait_until_settled(runtime.engine, [row.id for row in rows])
    if as_json:
        print_json({"exchanges": rows})
    for row in rows[:MOST_NAMED] if not as_json else ():
        told = "".join(f" {part}" for part in (row.reason, row.resolution) if part)
        say(f"Account {row.business_key}: exchange {row.id}, {row.state}" + (f":{told}" if told else ""))
    return int(wait and any(row.state != "done" for row in rows))


def all_accounts(runtime: Runtime, store: StoreContext) -> list[int]:
    """Returns the accounts of the store that are customers of M3."""
    with transaction(runtime.engine) as connection:
        return [one.account for one in bound_accounts(connection, store.name)]


def show_customers(runtime: Runtime, store: StoreContext, *, ids: list[int], as_json: bool) -> int:
    """Shows which fields a look would write; writes nothing, and shows no value, for they belong to a person.

    Returns:
        The exit status: 1 if one would wait for a person.

    Raises:
        PermanentError: The store does not follow its accounts.
        ConnectorError: M3, the shop or the ledger is away.
    """
    shown = list(compare_accounts(runtime.engine, store, _followed(store), account_ids=ids))
    if as_json:
        print_json([asdict(one) for one in shown])
    else:
        rows = [
            (one.account, one.customer or "", ", ".join(one.transactions), ", ".join(one.fields), one.words)
            for one in shown
        ]
        print_table(("Account", "Customer", "Transactions", "Fields", ""), rows)
        say("Dry run: nothing was written.")
    return int(any(one.needs_person for one in shown))


def _followed(store: StoreContext) -> Accounts:
    config = store.config.customers.accounts
    if config is None:
        raise PermanentError(
            f"Store {store.name} does not follow the accounts of its shop.",
            resolution="Add customers.accounts to its store file (config/stores/example.yaml), and give it to "
            "`connector store add`.",
        )
    return config
