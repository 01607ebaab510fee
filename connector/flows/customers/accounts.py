"""Runs an account of the shop: erased, not followed, not in M3 yet, without news, or to be followed. Called by customers_to_m3.

Only an account changes a customer, for only a login proves who changes.
"""

from __future__ import annotations

from connector.flows.context import Run
from connector.flows.customers.account_customer import customer_of_login, first_time
from connector.flows.customers.erasing import erase, is_erased
from connector.flows.customers.following import drop_change_of_other, follow
from connector.flows.customers.leaving import FLOW
from connector.flows.customers.lost import wait_for_lost
from connector.flows.customers.seeing import ask_shop, note_seen, told_account
from connector.flows.customers.wanted import wanted_of
from connector.flows.customers.withdrawing import shown_number
from connector.flows.outcome import Done
from connector.ledger.forgetting import FORGET_BODIES
from connector.ledger.known_customers import KnownCustomer, find_account
from connector.ledger.shop_accounts import SeenAccount, find_seen
from connector.publishing.customers import Accounts
from connector.woocommerce.models import Customer


def run_account(run: Run) -> Done:
    """Compares the account with its customer in M3 and writes what differs.

    What was told finds out that something changed; before anything is written the shop is asked, for the person may have been
    erased there since.

    Raises:
        MissingDependencyError: The customer is made first.
        NotYetError: A write of a lost worker may still arrive.
        NeedsPersonError: M3 has no such customer any more, has another VAT number, or keeps what was changed.
        MappingError: An address that would be written, or made a customer of, can be none.
        M3RejectedError: M3 refused a change.
    """
    config = run.store.config.customers.accounts
    if config is None:  # what is told of accounts is not carried anywhere, so it is not kept
        run.journal.stage(FORGET_BODIES, scope=run.store.name, flow=FLOW, business_key=run.claim.business_key)
    if config is None and run.store.config.publish.customers is None:
        return Done("this store does not follow its accounts (customers.accounts of its file)")
    connection, account = run.journal.connection, int(run.claim.business_key)
    known = find_account(connection, run.store.name, m3_scope=run.store.m3_scope, account=account)
    seen = find_seen(connection, run.store.name, account=account)
    told = told_account(run, seen)
    customer = told or ask_shop(run)
    if customer is None or is_erased(customer):
        return erase(run, config or Accounts(), known, seen=seen, is_gone=customer is None)
    note_seen(run, customer)
    known = known or customer_of_login(run, customer)
    if config is None:
        return Done("this store does not follow its accounts, but shows there what M3 says of them")
    known = known or first_time(run, config, customer)
    if known is None:
        drop_change_of_other(run, None)
        return Done("no order of this account is in M3 yet")
    if not has_news(run, config, customer, known):
        return Done("nothing that is carried has changed")
    wait_for_lost(run)
    newest = customer if told is None else ask_shop(run)
    if newest is None or is_erased(newest):
        return erase(run, config, known, seen=SeenAccount(), is_gone=newest is None)
    shown = shown_number(run.store, customer) or ("" if seen is None else seen.vat_number)
    return follow(run, config, newest, known, shown=shown)


def has_news(run: Run, config: Accounts, customer: Customer, known: KnownCustomer) -> bool:
    """Tells whether M3 has to be looked at: something changed, a change was begun, or somebody doubts."""
    wanted = wanted_of(run.store, customer, config, number=known.number)
    is_doubted = run.claim.is_doubtful or run.claim.is_replay
    return wanted.fingerprint != run.claim.fingerprint or run.claim.live_document is not None or is_doubted
