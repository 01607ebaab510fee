"""Compares accounts of the shop with their customers in M3 and writes nothing. Called by `sync customers_to_m3 --dry-run`.

Names of fields are shown, never values: they belong to a person.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from connector.errors import MappingError
from connector.flows.context import StoreContext
from connector.flows.customers.erasing import is_erased
from connector.flows.customers.places import require_places
from connector.flows.customers.wanted import VRNO, compact, differences, kept_by_m3, read_held, wanted_of
from connector.flows.customers.withdrawing import is_taken_off
from connector.ledger.known_customers import KnownCustomer, find_account
from connector.ledger.session import Ledger, transaction
from connector.ledger.shop_accounts import SeenAccount, find_seen
from connector.publishing.customers import Accounts
from connector.woocommerce.models import parse_customer


@dataclass(frozen=True)
class ComparedAccount:
    """What a run would do with an account. `needs_person` says that it would wait for one."""

    account: int
    customer: str | None
    transactions: tuple[str, ...]
    fields: tuple[str, ...]
    words: str
    needs_person: bool = False


def compare_accounts(
    ledger: Ledger, store: StoreContext, config: Accounts, *, account_ids: Iterable[int]
) -> Iterator[ComparedAccount]:
    """Yields what a run would write of each account.

    Raises:
        ConnectorError: M3, the shop or the ledger is away.
    """
    for account in account_ids:
        with transaction(ledger) as connection:
            known = find_account(connection, store.name, m3_scope=store.m3_scope, account=account)
            seen = find_seen(connection, store.name, account=account)
        yield _compare(store, config, account, known, seen or SeenAccount())


def _compare(
    store: StoreContext, config: Accounts, account: int, known: KnownCustomer | None, seen: SeenAccount
) -> ComparedAccount:
    row = store.shop.customers.get(account)
    customer = None if row is None else parse_customer(row)
    if customer is None or is_erased(customer):
        number = None if known is None else known.number
        return _told(account, number, "the shop has no such account, or emptied it: it is forgotten")
    if known is None:
        return _told(account, None, "no customer of M3 yet")
    number = known.number
    wanted = wanted_of(store, customer, config, number=number)
    held = read_held(store, config, number=number)
    if held is None:
        return _told(account, number, "M3 has no such customer any more", needs_person=True)
    if wanted.vat_number and held.vat_number and compact(wanted.vat_number) != compact(held.vat_number):
        return _told(account, number, "M3 has another VAT number", needs_person=True)
    due = differences(config, wanted, held, number=number)
    try:
        require_places(store, customer, due)
    except MappingError as error:
        return _told(account, number, error.message, needs_person=True)
    left = kept_by_m3(store, config, wanted, held)
    if is_taken_off(store, config, customer, shown=seen.vat_number, known=known, held=held.vat_number):
        left.append(VRNO)
    fields = tuple(sorted({name for one in due for name in one.fields}))
    words = f"to be emptied in M3 by a person: {', '.join(left)}" if left else "" if due else "equal"
    names = tuple(store.m3.name_of(one.call) for one in due)
    return ComparedAccount(account, number, names, fields, words, needs_person=bool(left))


def _told(account: int, number: str | None, words: str, *, needs_person: bool = False) -> ComparedAccount:
    return ComparedAccount(account, number, (), (), words, needs_person)
