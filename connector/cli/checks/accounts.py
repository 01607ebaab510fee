"""Checks whether accounts of the shop may be bound to the wrong customers of M3. Called by connector/cli/check.py."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Engine

from connector.cli.checks.finding import Area, Finding
from connector.ledger.account_listing import list_accounts
from connector.ledger.session import transaction
from connector.stores.config import StoreConfig
from connector.stores.customers import GuestPolicy

MOST_TOLD = 3


def check_accounts(area: Area, config: StoreConfig, *, engine: Engine) -> Iterator[Finding]:
    """Yields the pairs in doubt: under `per_email` a customer has one e-mail address, and a login is proof of it."""
    if config.customers.registered is not GuestPolicy.PER_EMAIL:
        return
    with transaction(engine) as connection:
        rows = list_accounts(connection, store=area.name, doubtful=True)
    for row in rows[:MOST_TOLD]:
        yield area.warn(
            f"account {row.account}",
            f"It is bound to customer {row.number} of M3, but {row.doubt}.",
            remedy=f"Compare both in the shop and in CRS610. If it is not this customer: connector customers unbind {row.account} "
            f"--store {area.name} --reason ...",
        )
    if len(rows) > MOST_TOLD:
        yield area.warn(
            "accounts",
            f"{len(rows) - MOST_TOLD} more accounts are in doubt.",
            remedy=f"connector customers bindings --store {area.name} --doubtful",
        )
