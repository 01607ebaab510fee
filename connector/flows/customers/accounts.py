"""Follows an account of the shop: what it says and M3 has otherwise is written, field by field, and read back.

Called by customers_to_m3. Only an account changes a customer, for only a login proves who changes. Every write is absolute, so
one whose answer was lost is waited out and compared again.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from connector.errors import MissingDependencyError, NeedsPersonError, NotYetError
from connector.flows import tenure
from connector.flows.addresses import require_address
from connector.flows.context import Run
from connector.flows.customers import binding
from connector.flows.customers.erasing import erase, is_erased
from connector.flows.customers.keys import (
    Identity,
    email_key,
    identity_of,
    shopper_key,
    vat_number_of,
)
from connector.flows.customers.leaving import FLOW, shopper_of
from connector.flows.customers.lost import tell_lost, wait_for_lost
from connector.flows.customers.places import require_places
from connector.flows.customers.seeing import ask_shop, note_seen, told_account
from connector.flows.customers.wanted import (
    PARTS,
    Difference,
    Held,
    Wanted,
    compact,
    differences,
    read_held,
    wanted_of,
)
from connector.flows.customers.withdrawing import require_taken_off, shown_number
from connector.flows.outcome import Done
from connector.ledger.dispatch import is_settled
from connector.ledger.document_records import DocumentRecord, References
from connector.ledger.forgetting import FORGET_BODIES
from connector.ledger.known_customers import (
    KEEP_IDENTITY,
    KnownCustomer,
    find_account,
    find_shopper,
)
from connector.ledger.named_people import NAME_SHOPPER
from connector.ledger.shop_accounts import SeenAccount, find_seen
from connector.ledger.tables import StepState
from connector.ledger.trail import TrailLine
from connector.m3.rejections import already_exists, is_not_found
from connector.publishing.customers import Accounts, Create, CustomerPart, InvalidVatNumber, Master, OtherCompany
from connector.stores.customers import GuestPolicy
from connector.woocommerce.models import Customer

KIND = "account"
SOON_S = 5.0


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


def has_news(run: Run, config: Accounts, customer: Customer, known: KnownCustomer) -> bool:
    """Tells whether M3 has to be looked at: something changed, a change was begun, or somebody doubts."""
    wanted = wanted_of(run.store, customer, config, number=known.number)
    is_doubted = run.claim.is_doubtful or run.claim.is_replay
    return wanted.fingerprint != run.claim.fingerprint or run.claim.live_document is not None or is_doubted


def follow(run: Run, config: Accounts, customer: Customer, known: KnownCustomer, *, shown: str | None) -> Done:
    """Brings M3 what the account says; `shown`: digest of the VAT number it showed before, None if nobody knows."""
    number = known.number
    wanted = wanted_of(run.store, customer, config, number=number)
    held = _look(run, config, number)
    require_same_company(wanted, held, number=number)
    due = differences(config, wanted, held, number=number)
    document = drop_change_of_other(run, number)
    if document is not None:
        tell_lost(run, document, shows=lambda name: name not in {one.name for one in due})
    if due:
        require_places(run.store, customer, due)
        tenure.require(run)
        document = run.journal.replan(document or _begin(run, number), _sent(run, due))
        missed = [one for one in due if not write(run, document, number, one, wanted.notes)]
        require_held(run, config, wanted, number=number, missed=missed)
    if document is not None:
        run.journal.forget_document(document.id)
    _keep_identity(run, customer, number, vat_number=known.vat_number if held.vat_number else "")
    require_taken_off(run, config, customer, wanted=wanted, held=held, known=known, shown=shown)
    return Done(_said(run, number, due, wanted) + _besides(config, wanted, held), fingerprint=wanted.fingerprint)


def require_same_company(wanted: Wanted, held: Held, *, number: str) -> None:
    """Lets nothing be written where M3 and the shop name two VAT numbers.

    Raises:
        NeedsPersonError: They do: it may be another company.
    """
    if wanted.vat_number and held.vat_number and compact(wanted.vat_number) != compact(held.vat_number):
        raise NeedsPersonError(
            f"Customer {number} has another VAT number in M3 than the account in the shop, so nothing was written.",
            resolution=f"Is it the same company? Correct the number of customer {number} in CRS610, or in the shop. If the "
            "account belongs to another company now, make it a customer of its own in M3 and discard this exchange.",
        )


def write(run: Run, document: DocumentRecord, number: str, due: Difference, notes: Sequence[str]) -> bool:
    """Sends one write; False if the record came or went meanwhile, so that it has to be looked at again.

    Raises:
        OutcomeUnknownError: The next run looks first, when the write can arrive no more.
        M3RejectedError: M3 refused it.
    """
    name, changed = run.store.m3.name_of(due.call), {"changed": sorted(due.fields)}
    told = TrailLine(action=name, system="m3", key=number, after=changed, why="; ".join(notes))
    intent = run.journal.intend(document.id, due.name, request=due.call.fields, told=[told], part=None)
    answer = run.journal.send(intent, lambda: run.store.m3.write([due.call])[0])
    if answer.error is not None:
        run.journal.mark(intent, StepState.REFUSED, {"code": answer.error.code})
        if already_exists(answer.error) or is_not_found(answer.error):
            return False
        raise answer.error
    run.journal.mark(intent, StepState.DONE, {})
    run.journal.tell([told])
    return True


def require_held(run: Run, config: Accounts, wanted: Wanted, *, number: str, missed: Sequence[Difference]) -> None:
    """Reads back what was written.

    Raises:
        NotYetError: A record came or went meanwhile.
        NeedsPersonError: M3 took a change and shows something else.
    """
    left = differences(config, wanted, _look(run, config, number), number=number)
    fields = sorted({name for one in left for name in one.fields})
    if missed and left:
        raise NotYetError(
            f"A record of customer {number} came or went in M3 meanwhile.",
            retry_after_s=SOON_S,
            resolution="Nothing to do: it is compared again.",
        )
    if left:
        raise NeedsPersonError(
            f"M3 took the change of customer {number} but still shows another value in {', '.join(fields)}.",
            resolution="Look at the customer in CRS610: the field may be locked there. Else take it out of "
            "config/mappings/customers_to_m3.yaml, or give the part to M3 under customers.accounts.owners.",
        )


def drop_change_of_other(run: Run, number: str | None) -> DocumentRecord | None:
    """Returns the change that an earlier run began of this customer; what was begun of one it is not any more is dropped."""
    document = run.claim.live_document
    if document is None or document.cuno == number:
        return document
    run.journal.forget_document(document.id)
    return None


def _look(run: Run, config: Accounts, number: str) -> Held:
    run.journal.pause()
    held = read_held(run.store, config, number=number)
    if held is None:
        raise NeedsPersonError(
            f"M3 has no customer {number} any more, so a change of its account has no place.",
            resolution=f"Make customer {number} again in CRS610, or discard this exchange.",
        )
    return held


def _sent(run: Run, due: Sequence[Difference]) -> dict[str, Any]:
    """What the audit trail is to say of each write if its answer is lost."""
    return {one.name: {"call": run.store.m3.name_of(one.call), "changed": sorted(one.fields)} for one in due}


def _begin(run: Run, number: str) -> DocumentRecord:
    return run.journal.begin_document(KIND, m3_scope=run.store.m3_scope, references=References(cuno=number), plan={})


def _besides(config: Accounts, wanted: Wanted, held: Held) -> str:
    """Says which telephone numbers M3 has that the shop does not: whether they were ever there, nobody knows."""
    is_shops = config.owner(CustomerPart.PHONE) is Master.SHOP
    kept = sorted(
        name
        for name, value in held.basic.items()
        if is_shops and PARTS.get(name) is CustomerPart.PHONE and value.strip() and not wanted.basic.get(name)
    )
    return f"; M3 also has {', '.join(kept)}, empty in the shop" if kept else ""


def _keep_identity(run: Run, customer: Customer, number: str, *, vat_number: str) -> None:
    """Keeps for which company the customer stands; `vat_number`: the digest of one that only M3 has any more."""
    identity = identity_of(run.store.config.customers, customer.billing, customer.meta_data)
    run.journal.stage(
        KEEP_IDENTITY,
        m3_scope=run.store.m3_scope,
        number=number,
        company=identity.company,
        vat_number=identity.vat_number or vat_number,
    )


def _said(run: Run, number: str, due: Sequence[Difference], wanted: Wanted) -> str:
    fields = sorted({name for one in due for name in one.fields})
    words = f"{', '.join(fields)} of customer {number} written" if fields else f"customer {number} holds it already"
    if not wanted.is_wrong_vat:
        return words
    if run.store.config.customers.vat_numbers.invalid is InvalidVatNumber.PERSON:
        raise NeedsPersonError(
            f"The VAT number of the account of customer {number} cannot be one; everything else is in M3.",
            resolution="Correct it in the shop; M3 has none or the old one until then.",
        )
    return f"{words}; its VAT number cannot be one and was left out"
