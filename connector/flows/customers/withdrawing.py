"""Tells what an account took off, and M3 still has: its VAT number, or a former e-mail address. Called by following.py, seeing.py
and compare.py.

Only what the account itself has shown can be taken off it: not a number that came by an order, nor one that M3 had before. So the
digest of the number shown last is kept until M3 has another one or none, or a person says that M3 keeps it.
"""

from __future__ import annotations

from connector.errors import NeedsPersonError
from connector.flows.context import Run, StoreContext
from connector.flows.customers.keys import digest_of, email_key, vat_number_of
from connector.flows.customers.wanted import (
    MAIL,
    VRNO,
    Held,
    Wanted,
    carries_email,
    compact,
    is_field_of_shop,
    kept_by_m3,
)
from connector.ledger.known_customers import KnownCustomer
from connector.ledger.named_people import was_named
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


def require_taken_off(
    run: Run,
    config: Accounts,
    customer: Customer,
    *,
    wanted: Wanted,
    held: Held,
    known: KnownCustomer,
    shown: str | None,
) -> None:
    """Lets nothing stay in M3 unseen that the account has no more: no transaction is known to empty a field.

    Raises:
        NeedsPersonError: M3 still has such fields; or an e-mail address of before, because the new one is too long for it.
    """
    left = kept_by_m3(run.store, config, wanted, held)
    is_off = is_taken_off(run.store, config, customer, shown=shown, known=known, held=held.vat_number)
    keep_shown(run, customer, shown=shown, is_left=is_off)
    left += [VRNO] if is_off else []
    if left:
        raise NeedsPersonError(
            f"The shop has emptied fields of customer {known.number}; M3 still has {', '.join(left)}.",
            resolution=f"Empty these fields of customer {known.number} in CRS610 or OIS002; or, where M3 is right, enter them in "
            "the account in the shop. It is looked at again by itself.",
        )
    former = _former_addresses(run, config, wanted, held)
    if former:
        raise NeedsPersonError(
            f"M3 still has a former e-mail address of customer {known.number}: {', '.join(former)}; the new one is too long.",
            resolution=f"Give customer {known.number} an address that fits (CRS610, CRS111), or none; or shorten that of the "
            "account in the shop. It is looked at again by itself.",
        )


def _former_addresses(run: Run, config: Accounts, wanted: Wanted, held: Held) -> list[str]:
    """Returns the fields in which M3 has an address that the account had before, and whose own is too long for them.

    An address that the account never had is a person's, who has found one that fits.
    """
    kept = {}
    if is_field_of_shop(config, MAIL) and not wanted.basic.get(MAIL):
        kept[MAIL] = held.basic.get(MAIL, "")
    if carries_email(config) and not wanted.email:
        kept[f"EMAL of type {config.email_type}"] = held.email or ""
    connection, exchange_id = run.journal.connection, run.claim.exchange_id
    return [
        name
        for name, email in kept.items()
        if email.strip() and was_named(connection, exchange_id, email=email_key(email))
    ]
