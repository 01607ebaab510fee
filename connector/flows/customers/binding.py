"""Binds an account of the shop to its customer in M3, and has the shop told where it shows customers.

Used by the order flow and by both kinds of runs of customers_to_m3. An account is bound to the customer that was made for it, or
that the e-mail address of its login finds; the address on a bill is nobody's proof, for anybody may type any.
"""

from __future__ import annotations

from connector.flows.context import Run
from connector.flows.customers.leaving import account_asked
from connector.ledger.known_customers import bind_account, find_account
from connector.ledger.offers import mark_due

TO_SHOP = "customers_to_woo"


def bind(run: Run, *, account: int, number: str) -> None:
    """Stages that an account is a customer of M3; where either is bound already, nothing changes."""
    store = run.store
    is_new = bind_account(
        run.journal.connection,
        store.name,
        account=account,
        m3_scope=store.m3_scope,
        number=number,
        exchange_id=run.claim.exchange_id,
    )
    if is_new and store.config.publish.customers is not None:
        run.messages.extend(mark_due(run.journal.connection, store.name, flow=TO_SHOP, item_numbers=[number]))


def ask_for_proof(run: Run, account: int) -> None:
    """Stages that an account is looked at which ordered as a customer it is not bound to: the shop alone knows its login."""
    store = run.store
    is_used = store.config.customers.accounts is not None or store.config.publish.customers is not None
    known = find_account(run.journal.connection, store.name, m3_scope=store.m3_scope, account=account)
    if is_used and known is None:
        run.leave(account_asked(store.name, account, source="order"))
