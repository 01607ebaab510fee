"""Tells whether an account took its VAT number off, which M3 then still has. Called by accounts.py, seeing.py and compare.py.

Only what the account itself has shown can be taken off it: not a number that came by an order, nor one that M3 had before. So the
digest of the number shown last is kept until M3 has another one or none, or a person says that M3 keeps it.
"""

from __future__ import annotations

from connector.flows.context import Run, StoreContext
from connector.flows.customers.keys import digest_of, vat_number_of
from connector.flows.customers.wanted import compact
from connector.ledger.known_customers import KnownCustomer
from connector.ledger.shop_accounts import KEEP_NUMBER
from connector.publishing.customers import Accounts, CustomerPart, Master
from connector.woocommerce.models import Customer


def shown_number(store: StoreContext, customer: Customer) -> str:
    """Returns the digest of the VAT number an account shows; empty if it shows none, or one that can be none."""
    number = vat_number_of(store.config.customers, customer.billing, customer.meta_data)
    return digest_of(compact(number.number)) if number is not None and number.is_valid else ""


def is_taken_off(
    store: StoreContext, config: Accounts, customer: Customer, *, shown: str | None, known: KnownCustomer, held: str
) -> bool:
    """Tells whether M3 still has the number that an account took off.

    Args:
        store: The store.
        config: Of its accounts.
        customer: The account as it is now.
        shown: Digest of the last number it showed; None where nobody knows: it was seen before that was kept.
        known: Its customer.
        held: The number M3 has.
    """
    rules = store.config.customers
    is_shops = config.owner(CustomerPart.VAT_NUMBER) is Master.SHOP
    if not is_shops or not held or vat_number_of(rules, customer.billing, customer.meta_data) is not None:
        return False
    if shown is None:
        has_place = any(row.key in rules.vat_numbers.meta_keys for row in customer.meta_data)
        return has_place and bool(known.vat_number)
    return shown == digest_of(compact(held))


def keep_shown(run: Run, customer: Customer, *, shown: str | None, is_left: bool) -> None:
    """Stages what is kept of the number: as long as a person is asked about it, or the account shows it; else nothing."""
    number = shown if is_left else shown_number(run.store, customer)
    run.journal.stage(KEEP_NUMBER, store=run.store.name, account=customer.id, vat_number=number, is_asked=is_left)
