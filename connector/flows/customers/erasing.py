"""What becomes of somebody whose data were erased in the shop. Called by accounts.py.

M3 keeps its customer: what was invoiced has to be kept. The ledger forgets what it was told, and the account's binding; that the
e-mail address (a digest) has a number in M3 stays, for M3 would refuse a second one.
"""

from __future__ import annotations

from connector.errors import NeedsPersonError
from connector.flows.context import Run
from connector.flows.outcome import Done
from connector.ledger.forgetting import FORGET_BODIES, FORGET_SHOPPER
from connector.ledger.known_customers import KnownCustomer, unbind_account
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


def erase(run: Run, config: Accounts, known: KnownCustomer | None, *, is_gone: bool) -> Done:
    """Forgets what was told of the account, and lets a person decide about M3 if the store says so.

    Raises:
        NeedsPersonError: The store has a person decide.
    """
    what = "deleted" if is_gone else "emptied"
    if not is_gone and run.claim.fingerprint is None:
        return Done("the account has no address")  # and never had one, though its orders may
    store = run.store
    run.journal.stage(FORGET_BODIES, scope=store.name, flow=FLOW, business_key=run.claim.business_key)
    if known is None:
        return Done(f"{what} in the shop", fingerprint=ERASED)
    run.journal.stage(FORGET_SHOPPER, m3_scope=store.m3_scope, number=known.number)
    if config.erased is Erased.PERSON:
        raise NeedsPersonError(
            f"The account of customer {known.number} was {what} in the shop.",
            resolution=f"Decide what M3 keeps of customer {known.number} (CRS610), then discard this exchange.",
        )
    unbind_account(run.journal.connection, store.name, account=int(run.claim.business_key))
    run.journal.audit("account erased", system="ledger", key=known.number, why=f"{what} in the shop")
    return Done(f"{what} in the shop; M3 keeps customer {known.number}", fingerprint=ERASED)
