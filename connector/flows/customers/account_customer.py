"""Which customer of M3 an account of the shop is, where it is bound to none yet: that of its login, or one to be made.

Called by accounts.py.
"""

from __future__ import annotations

from connector.errors import MissingDependencyError
from connector.flows.addresses import require_address
from connector.flows.context import Run
from connector.flows.customers import binding
from connector.flows.customers.keys import Identity, email_key, identity_of, shopper_key, vat_number_of
from connector.flows.customers.leaving import FLOW, shopper_of
from connector.ledger.dispatch import is_settled
from connector.ledger.known_customers import KnownCustomer, find_account, find_shopper
from connector.ledger.named_people import NAME_SHOPPER
from connector.publishing.customers import Accounts, Create, OtherCompany
from connector.stores.customers import GuestPolicy
from connector.woocommerce.models import Customer


def customer_of_login(run: Run, customer: Customer) -> KnownCustomer | None:
    """Binds the account to the customer that the e-mail address of its login finds, and returns it; None if there is none."""
    rules = run.store.config.customers
    email = customer.email.strip()
    if rules.registered is not GuestPolicy.PER_EMAIL or not email:
        return None
    identity = identity_of(rules, customer.billing, customer.meta_data)
    key = shopper_key(rules, email=email, has_account=True, identity=identity)
    known = find_shopper(run.journal.connection, run.store.m3_scope, key=key)
    if known is None:
        return None
    held = Identity(known.company, known.vat_number)
    if rules.other_company is OtherCompany.PERSON and identity.is_other_than(held):
        return None
    binding.bind(run, account=customer.id, number=known.number)
    return find_account(run.journal.connection, run.store.name, m3_scope=run.store.m3_scope, account=customer.id)


def first_time(run: Run, config: Accounts, customer: Customer) -> KnownCustomer | None:
    """Returns the customer of an account that is not bound yet; None if it is none, and is not to be made one now.

    One without an address is made none yet: many shops ask for a name alone when somebody registers. Nor is it made one against
    a person's word, who has discarded the shopper's exchange: new content asks again.

    Raises:
        MissingDependencyError: Its exchange is left.
        MappingError: Nothing can be sent to the address of its bill.
    """
    rules = run.store.config.customers
    email = (customer.billing.email or customer.email).strip()
    is_wanted = config.create is Create.AT_ONCE and rules.registered is GuestPolicy.PER_EMAIL
    if not is_wanted or not customer.billing.has_street or not email:
        return None
    identity = identity_of(rules, customer.billing, customer.meta_data)
    key = shopper_key(rules, email=email, has_account=True, identity=identity)
    awaited = f"{run.store.m3_scope}/{key}"
    is_over = is_settled(run.journal.connection, FLOW, key=awaited)  # asked before the binding it leaves
    if find_shopper(run.journal.connection, run.store.m3_scope, key=key) is not None:
        return None  # somebody else's: the login does not prove the address of its bill
    require_address(run.store, customer.billing, of=f"the billing address of account {customer.id}")
    number = vat_number_of(rules, customer.billing, customer.meta_data)
    is_news = run.leave(
        shopper_of(
            run.store,
            key,
            customer_id=customer.id,
            email=email,
            billing=customer.billing,
            vat_number=number.number if number is not None and number.is_valid else "",
            modified_at=customer.date_modified_gmt or customer.date_created_gmt,
        )
    )
    run.journal.stage(NAME_SHOPPER, email=email_key(email), m3_scope=run.store.m3_scope, key=key)
    if is_over and not is_news:
        return None
    raise MissingDependencyError(
        f"Account {customer.id} is not in M3 yet.",
        kind=FLOW,
        key=awaited,
        resolution="Nothing to do: it goes on when its customer is made.",
    )
