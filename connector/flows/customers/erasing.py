"""What becomes of somebody whose data were erased in the shop. Called by accounts.py.

M3 keeps its customer: what was invoiced has to be kept. The ledger forgets what it was told, what the account logs in with, and its
binding, at once and whatever a person is to decide; that the e-mail address (a digest) has a number in M3 stays, for M3 would
refuse a second one.
"""

from __future__ import annotations

from connector.errors import NeedsPersonError
from connector.flows.context import Run
from connector.flows.customers.leaving import account_asked
from connector.flows.outcome import Done
from connector.ledger.discards import DISCARDED
from connector.ledger.forgetting import FORGET_BODIES, FORGET_SHOPPER
from connector.ledger.known_customers import KnownCustomer, unbind_account
from connector.ledger.named_people import FORGET_SHOPPERS
from connector.ledger.refused_pieces import FORGET_REFUSED, of_customers
from connector.ledger.shop_accounts import ERASE_ACCOUNT, SeenAccount, claimants_of
from connector.publishing.customers import Accounts, Erased
from connector.woocommerce.models import Customer

FLOW = "customers_to_m3"
ERASED = "erased"
"""Fingerprint of an account that was erased: only the shop's own word brings it back."""


def is_erased(customer: Customer) -> bool:
    """Tells whether the shop has emptied the account (WordPress' eraser leaves the user without any address).

    Source: WooCommerce, class-wc-privacy-erasers.php, customer_data_eraser: every billing and shipping field is set to "".
    """
    return customer.billing.is_empty and customer.shipping.is_empty and not customer.billing.email


def erase(run: Run, config: Accounts, known: KnownCustomer | None, *, seen: SeenAccount | None, is_gone: bool) -> Done:
    """Forgets what was told of the account, and lets a person decide about M3 if the store says so.

    Args:
        run: Of the account.
        config: Of the store.
        known: The customer it is bound to.
        seen: What is known of it.
        is_gone: The account was deleted, not emptied.

    Raises:
        NeedsPersonError: The store has a person decide, and nobody has discarded that yet.
    """
    what = "deleted" if is_gone else "emptied"
    if not is_gone and run.claim.fingerprint is None and seen is None:
        # It never had an address, though its orders may, or had one told of and was emptied before anybody looked.
        run.journal.stage(FORGET_BODIES, scope=run.store.name, flow=FLOW, business_key=run.claim.business_key)
        return Done("the account has no address")
    number = _forget(run, known, seen, what=what)
    if number is not None and config.erased is Erased.PERSON and not _is_decided(run, known):
        _note(run, undecided=number)
        raise NeedsPersonError(
            f"The account of customer {number} was {what} in the shop. The connector has forgotten it.",
            resolution=f"Decide what M3 keeps of customer {number} (CRS610), then discard this exchange.",
        )
    _note(run, undecided=None)
    return Done(f"{what} in the shop" + (f"; M3 keeps customer {number}" if number else ""), fingerprint=ERASED)


def _forget(run: Run, known: KnownCustomer | None, seen: SeenAccount | None, *, what: str) -> str | None:
    """Stages that nothing is known of the account any more; returns the customer it was, or about which nobody has decided yet."""
    store = run.store
    run.journal.stage(FORGET_BODIES, scope=store.name, flow=FLOW, business_key=run.claim.business_key)
    run.journal.stage(FORGET_SHOPPERS, m3_scope=store.m3_scope, exchange_id=run.claim.exchange_id)
    if run.claim.live_document is not None:
        run.journal.forget_document(run.claim.live_document.id)
    if known is None:
        return None if seen is None else seen.undecided
    run.journal.stage(FORGET_SHOPPER, m3_scope=store.m3_scope, number=known.number)
    run.journal.stage(FORGET_REFUSED, **of_customers(store.name, [known.number]))
    account, connection = int(run.claim.business_key), run.journal.connection
    unbind_account(connection, store.name, account=account)
    for one in claimants_of(connection, store.name, account=account, m3_scope=store.m3_scope, number=known.number):
        run.leave(
            account_asked(store.name, one, source="poll_missing")
        )  # made anew with the same login, it is that customer
    run.journal.audit("account erased", system="ledger", key=known.number, why=f"{what} in the shop")
    return known.number


def _is_decided(run: Run, known: KnownCustomer | None) -> bool:
    """Tells whether a person has discarded what this run would ask: of a customer that was bound until now nobody was asked yet."""
    return known is None and run.claim.last_code == DISCARDED


def _note(run: Run, *, undecided: str | None) -> None:
    run.journal.stage(ERASE_ACCOUNT, store=run.store.name, account=int(run.claim.business_key), undecided=undecided)
