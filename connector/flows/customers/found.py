"""Which customer that M3 has already a shopper is: by our number or by search key, with the same e-mail address and company.

Called by shoppers.py before a customer is made, and by orders/customer.py before one is refused. Nobody is taken for another
company's, for an order proves only what was typed.
"""

from __future__ import annotations

from connector.errors import NeedsPersonError
from connector.flows.context import Run
from connector.flows.customers.keys import company_key, words_of
from connector.flows.customers.values import CustomerRunValues, Shopper, values_of
from connector.flows.customers.wanted import VRNO, compact
from connector.ledger.known_customers import bound_elsewhere
from connector.ledger.tables import DocumentState
from connector.ledger.unbinding import unbound_customers
from connector.m3.programs import crs610mi
from connector.m3.programs.crs610mi import Customer
from connector.m3.rejections import is_not_found
from connector.publishing.customers import OtherCompany

ACTIVE = "20"
CUNM = "CUNM"
NAME_LENGTH = 36
"""Of CUNM."""


def find_in_m3(run: Run, key: str, shopper: Shopper, values: CustomerRunValues) -> Customer | None:
    """Looks for the shopper of a key by our number and by search key, in one bulk; e-mail address and company must match.

    One that is another shopper's, or of which a person said that it is not this one, is nobody.

    Raises:
        NeedsPersonError: Our number is taken by somebody with another e-mail, or what is found stands for another company.
    """
    run.journal.pause()
    calls = [crs610mi.get_basic_data(values.customer_number), crs610mi.list_by_search_key(values.search_key)]
    own, listed = run.store.m3.read(calls, max_records=20)
    if not is_not_found(own.error):
        customer = check_owner(crs610mi.read_customer(own), shopper)
        _require_same_company(run, shopper, customer)
        return customer
    same_key = crs610mi.read_found(listed, search_key=values.search_key)
    matching = [one for one in same_key if one.email.strip().casefold() == shopper.normalised_email]
    for customer in _free(run, key, matching):
        if run.store.config.customers.other_company is OtherCompany.OWN and _other_company(run, shopper, customer):
            continue  # a customer for each company: this one is another one's
        check_owner(customer, shopper)
        _require_same_company(run, shopper, customer)
        return customer
    return None


def is_in_m3(run: Run, key: str, shopper: Shopper) -> bool:
    """Tells whether M3 has a customer that the shopper is, or that a person must look at: then none is made.

    Raises:
        MappingError: The store has no template customer.
    """
    try:
        return find_unbound(run, key, shopper) is not None
    except NeedsPersonError:  # the shopper's own exchange says why
        return True


def find_unbound(run: Run, key: str, shopper: Shopper) -> Customer | None:
    """Looks for a shopper that this ledger knows no customer of, as its own exchange will.

    Raises:
        NeedsPersonError: See `find_in_m3`.
        MappingError: The store has no template customer.
    """
    unbound = unbound_customers(run.journal.connection, run.store.m3_scope, key=key)
    return find_in_m3(run, key, shopper, values_of(run.store, key=key, shopper=shopper, unbound=unbound))


def check_owner(customer: Customer, shopper: Shopper) -> Customer:
    """Returns a customer that is this shopper and may order.

    Raises:
        NeedsPersonError: It has another e-mail, or is not active.
    """
    if customer.email and customer.email.strip().casefold() != shopper.normalised_email:
        raise NeedsPersonError(
            f"Customer {customer.number} exists in M3 with another e-mail address.",
            resolution=f"Compare customer {customer.number} in CRS610 with the shop's; correct the e-mail there or here.",
        )
    if customer.status != ACTIVE:
        raise NeedsPersonError(
            f"Customer {customer.number} has status {customer.status} in M3; orders need {ACTIVE}.",
            resolution=f"Complete and activate customer {customer.number} in CRS610.",
        )
    return customer


def other_vat_number(customer: str) -> NeedsPersonError:
    """Returns what a person is told of a customer with another VAT number: it may be another company."""
    return NeedsPersonError(
        f"Customer {customer} has another VAT number in M3 than the shop has.",
        resolution=f"Is customer {customer} of CRS610 the same company? Correct the number there or in the shop. If it is "
        "another one, give the shopper's account another e-mail address, or set customers.other_company: own.",
    )


def _free(run: Run, key: str, customers: list[Customer]) -> list[Customer]:
    scope, connection = run.store.m3_scope, run.journal.connection
    numbers = [one.number for one in customers]
    taken = bound_elsewhere(connection, scope, numbers=numbers) | unbound_customers(connection, scope, key=key)
    run.journal.pause()
    return [one for one in customers if one.number not in taken]


def _require_same_company(run: Run, shopper: Shopper, customer: Customer) -> None:
    """Lets nobody be taken for another company's customer; what was begun to be made here is nobody else's.

    Raises:
        NeedsPersonError: The customer stands for another one.
    """
    document = run.claim.live_document
    if document is not None and document.state is DocumentState.BUILDING:
        return
    other = _other_company(run, shopper, customer)
    if other == VRNO:
        raise other_vat_number(customer.number)
    if other and run.store.config.customers.other_company is OtherCompany.PERSON:
        raise NeedsPersonError(
            f"Customer {customer.number} of M3 has the e-mail address of an order that names another company than it is called.",
            resolution=f"Is customer {customer.number} of CRS610 the same company? Write its name or VAT number in M3 and on the "
            "order in the shop alike; it is looked at again by itself. Else give the order an e-mail address of its own, or "
            "set customers.other_company in the store file to own (a customer for each company) or same.",
        )


def _other_company(run: Run, shopper: Shopper, customer: Customer) -> str:
    """Returns by which field of M3 a customer stands for another company than the shopper; empty if it may be the same.

    VAT numbers decide where both have one. A customer that is called like the buyer is no company's.
    """
    billing = shopper.billing
    if shopper.vat_number:
        run.journal.pause()
        answer = run.store.m3.read([crs610mi.get_fields("customer.financial", customer.number, names=[VRNO])])[0]
        held = crs610mi.read_fields(answer).get(VRNO, "")
        if held:
            return "" if compact(held) == compact(shopper.vat_number) else VRNO
    company = company_key(billing.company[:NAME_LENGTH])
    person = words_of(f"{billing.first_name} {billing.last_name}"[:NAME_LENGTH])
    is_alike = company_key(customer.name) in ("", company) or words_of(customer.name) == person
    return "" if is_alike or not company else CUNM
