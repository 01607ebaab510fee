"""What an account of the shop is: as it was told last, or as the shop shows it now. Called by accounts.py."""

from __future__ import annotations

from connector.errors import InvalidPayloadError
from connector.flows.context import Run
from connector.flows.customers.erasing import ERASED, is_erased
from connector.flows.customers.keys import email_key
from connector.flows.customers.withdrawing import shown_number
from connector.flows.orders.source import is_believed
from connector.ledger.named_people import NAME_PERSON
from connector.ledger.shop_accounts import SEE_ACCOUNT, SeenAccount
from connector.woocommerce.canonical import JSONDict
from connector.woocommerce.models import Customer, parse_customer


def told_account(run: Run, seen: SeenAccount | None) -> Customer | None:
    """Returns the account as told last; None where that may be wrong.

    After an erasure nothing is believed but the shop: what was told before may come late.
    """
    is_out = run.claim.fingerprint == ERASED or (seen is not None and seen.erased_at is not None)
    if run.claim.body is None or is_out or not is_believed(run.claim):
        return None
    return parse_customer(run.claim.body)


def ask_shop(run: Run) -> Customer | None:
    """Returns the account as the shop shows it; None if it is gone."""
    run.journal.pause()
    row = run.store.shop.customers.get(int(run.claim.business_key))
    return None if row is None else parse_customer(row)


def note_seen(run: Run, customer: Customer) -> None:
    """Stages what the account logs in with, the VAT number it shows, and whom its addresses name, as digests."""
    number = shown_number(run.store, customer)
    run.journal.stage(SEE_ACCOUNT, store=run.store.name, account=customer.id, login=_login(customer), vat_number=number)
    for email in {one.strip() for one in (customer.email, customer.billing.email)} - {""}:
        run.journal.stage(NAME_PERSON, email=email_key(email), exchange_id=run.claim.exchange_id)


def login_of(row: JSONDict) -> str | None:
    """Returns what an account of a list logs in with, as a digest; None where it has no address, or cannot be read."""
    try:
        customer = parse_customer(row)
    except InvalidPayloadError:
        return None  # its own run says so
    return None if is_erased(customer) else _login(customer)


def _login(customer: Customer) -> str:
    return email_key(customer.email) if customer.email.strip() else ""
