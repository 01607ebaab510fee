"""Which M3 customer an order belongs to: the shopper's own, or the common one of the VAT area. Called by orders_to_m3."""

from __future__ import annotations

from dataclasses import dataclass

from connector.errors import MappingError, MissingDependencyError, NeedsPersonError
from connector.flows import addresses
from connector.flows.context import Run, StoreContext
from connector.flows.customers import binding, leaving, values
from connector.flows.customers.found import find_unbound, is_in_m3
from connector.flows.customers.keys import Identity, email_key, identity_of, shopper_key, vat_number_of
from connector.flows.orders.plan import FLOW as ORDERS
from connector.ledger.dispatch import is_settled
from connector.ledger.forgetting import FORGET_BODIES
from connector.ledger.inbox import Received
from connector.ledger.known_customers import (
    KEEP_IDENTITY,
    KnownCustomer,
    find_account,
    find_by_login,
    find_shopper,
    is_address_of_account,
)
from connector.ledger.named_people import FORGET_SHOPPERS, NAME_PERSON, NAME_SHOPPER
from connector.ledger.unbinding import unbound_customers
from connector.publishing.customers import GuestsWithAccount, OtherCompany
from connector.stores.customers import GuestPolicy
from connector.woocommerce.models import Order

VAT_EXEMPT_KEY = "is_vat_exempt"


@dataclass(frozen=True)
class Shopper:
    """The owner of an order: `number` if it is a common customer, else the key of the shopper's own."""

    number: str | None
    key: str | None


def shopper_of(store: StoreContext, order: Order) -> Shopper:
    """Decides by the store's policy.

    Raises:
        MappingError: No common customer is configured for the order's country, currency and exemption.
    """
    policy = store.config.customers.registered if order.customer_id else store.config.customers.guests
    if policy is GuestPolicy.PER_EMAIL and order.billing.email.strip():
        rules = store.config.customers
        identity = identity_of(rules, order.billing, order.meta_data)
        has_account = bool(order.customer_id)
        return Shopper(None, shopper_key(rules, email=order.billing.email, has_account=has_account, identity=identity))
    country = order.delivery_address.country
    exempt = order.meta(VAT_EXEMPT_KEY) == "yes"
    number = store.config.customers.common_number(country=country, currency=order.currency, exempt=exempt)
    if number is None:
        raise MappingError(
            f"No common customer is configured for country {country or '(none)'}, currency {order.currency}"
            f"{', VAT exempt' if exempt else ''}.",
            rule="customers.common",
            field="CUNO",
            resolution="Add one under customers.common of the store file (`connector store add` takes it over).",
        )
    return Shopper(number, None)


def find_number(run: Run, order: Order) -> str:
    """Returns CUNO, or leaves the customer's exchange and waits for it.

    Raises:
        MissingDependencyError: The shopper is not in M3 yet; its exchange is staged.
        NeedsPersonError: The e-mail address is another company's; its data were erased; or a person discarded the shopper's
            exchange, and the order brings nothing new about it.
        MappingError: See `shopper_of` and `_require_can_be_made`.
    """
    if order.is_erased:
        raise NeedsPersonError(
            f"The personal data of order {order.id} were erased in the shop before M3 had it.",
            resolution="Discard it: nobody can be sent anything. If it has to be booked, make the order in M3 by hand.",
        )
    shopper = shopper_of(run.store, order)
    if shopper.number is not None:
        return shopper.number
    key = shopper.key or ""
    awaited = f"{run.store.m3_scope}/{key}"
    is_over = is_settled(run.journal.connection, leaving.FLOW, key=awaited)  # asked before the binding it leaves
    known = find_known(run, order, key)
    if known is not None:
        return known.number
    _require_can_be_made(run, order, key)
    is_news = run.leave(_customer_delivery(run.store, order, key))
    email = email_key(order.billing.email)
    run.journal.stage(NAME_SHOPPER, email=email, m3_scope=run.store.m3_scope, key=key)
    if is_over and not is_news:
        raise NeedsPersonError(
            f"The customer of order {order.id} was discarded, so the order has none in M3.",
            resolution="Correct the buyer's data on the order in the shop and save it; or discard the order too.",
        )
    raise MissingDependencyError(
        f"The customer of order {order.id} is not in M3 yet.",
        kind=leaving.FLOW,
        key=awaited,
        resolution="Nothing to do: the order goes on when the customer's exchange is done.",
    )


def _require_can_be_made(run: Run, order: Order, key: str) -> None:
    """Makes sure that no customer is made of an address nothing can be sent to.

    A customer that M3 has already is made of none, and may have the order, too, if this ledger was lost: that is looked up once
    the customer is bound, and only then the order's own address is looked at.

    Raises:
        MappingError: See `addresses.require_for_customer`.
    """
    try:
        addresses.require_for_customer(run, order)
    except MappingError:
        if not is_in_m3(run, key, _as_told(run.store, order)):
            raise


def foresee_number(run: Run, order: Order) -> str | None:
    """Returns CUNO of a shopper that is not bound, if M3 has it already: its exchange will bind it; None: it will be made.

    Raises:
        NeedsPersonError: Its exchange will wait for a person.
        MappingError: See `shopper_of`; or the store has no template customer.
    """
    shopper = shopper_of(run.store, order)
    found = find_unbound(run, shopper.key or "", _as_told(run.store, order))
    return None if found is None else found.number


def _as_told(store: StoreContext, order: Order) -> values.Shopper:
    return values.Shopper(
        email=order.billing.email,
        customer_id=order.customer_id,
        billing=order.billing,
        vat_number=_vat_number(store, order),
    )


def note_buyer(run: Run, order: Order | None) -> None:
    """Stages whose e-mail address the order names, so that all that is carried of a person can be found.

    If the order was deleted for good, or the buyer's data were erased in the shop, what deliveries told of it is dropped, whether
    M3 has it or not. With the data goes what its shopper was told with, and a customer that M3 does not have yet is not made.
    """
    if order is None or order.is_erased:
        run.journal.stage(FORGET_BODIES, scope=run.store.name, flow=ORDERS, business_key=run.claim.business_key)
        if order is not None:
            run.journal.stage(FORGET_SHOPPERS, m3_scope=run.store.m3_scope, exchange_id=run.claim.exchange_id)
    elif order.billing.email.strip():
        run.journal.stage(NAME_PERSON, email=email_key(order.billing.email), exchange_id=run.claim.exchange_id)


def find_known(run: Run, order: Order, key: str) -> KnownCustomer | None:
    """Returns the customer of the shopper if it is bound: by e-mail address, or by the account that ordered.

    Raises:
        NeedsPersonError: It stands for another company than the order names.
    """
    rules = run.store.config.customers
    connection = run.journal.connection
    named = identity_of(rules, order.billing, order.meta_data)
    own = _of_account(run, order, named)
    known = own if own is not None and _shows(run, order, own) else None
    known = known or find_shopper(connection, run.store.m3_scope, key=key) or own or _of_login(run, order, named, key)
    if known is None:
        return None
    held = Identity(known.company, known.vat_number)
    if rules.other_company is OtherCompany.PERSON and named.is_other_than(held):
        raise NeedsPersonError(
            f"Order {order.id} names another company than customer {known.number} stands for, under one e-mail address.",
            resolution="Is it the same company? Write its name and VAT number on the order in the shop as on the first one. "
            "Else give the order an e-mail address of its own, or set customers.other_company in the store file to own "
            "(a customer for each company) or same. It is looked at again by itself.",
        )
    if order.customer_id:
        binding.ask_for_proof(run, order.customer_id)
        _learn(run, known.number, account=order.customer_id, held=held, named=named)
    return known


def _of_account(run: Run, order: Order, named: Identity) -> KnownCustomer | None:
    """Returns the customer that the account is bound to; where each company is one of its own, only if it is the one named."""
    if not order.customer_id:
        return None
    known = find_account(run.journal.connection, run.store.name, m3_scope=run.store.m3_scope, account=order.customer_id)
    return _as_named(run, known, named)


def _shows(run: Run, order: Order, known: KnownCustomer) -> bool:
    """Tells whether the account itself has the address of the bill: then its login proves that it is this customer's.

    An address that was only typed on the order may be another shopper's.
    """
    email = email_key(order.billing.email)
    return is_address_of_account(run.journal.connection, run.store.m3_scope, number=known.number, email=email)


def _of_login(run: Run, order: Order, named: Identity, key: str) -> KnownCustomer | None:
    """Returns the customer of the account that logs in with the address of the bill, which may be new since it was made; never one
    of which a person said that it is not this shopper.

    Made a customer of its own, a guest with that address would get the account's next orders as well.
    """
    is_apart = run.store.config.customers.guests_with_account is GuestsWithAccount.APART
    if is_apart and not order.customer_id:
        return None
    scope, connection = run.store.m3_scope, run.journal.connection
    known = find_by_login(connection, scope, login=email_key(order.billing.email))
    if known is not None and known.number in unbound_customers(connection, scope, key=key):
        return None
    return _as_named(run, known, named)


def _as_named(run: Run, known: KnownCustomer | None, named: Identity) -> KnownCustomer | None:
    if known is None or run.store.config.customers.other_company is not OtherCompany.OWN:
        return known
    return known if named.is_same_as(Identity(known.company, known.vat_number)) else None


def _learn(run: Run, number: str, *, account: int, held: Identity, named: Identity) -> None:
    """Keeps what the order of an account tells: for which company its customer stands, where that was not known.

    An account that is not bound to it has only typed its e-mail address.
    """
    bound = find_account(run.journal.connection, run.store.name, m3_scope=run.store.m3_scope, account=account)
    if bound is None or bound.number != number:
        return
    whole = held.filled_from(named)
    if whole != held:
        run.journal.stage(
            KEEP_IDENTITY,
            m3_scope=run.store.m3_scope,
            number=number,
            company=whole.company,
            vat_number=whole.vat_number,
        )


def _customer_delivery(store: StoreContext, order: Order, key: str) -> Received:
    """What the customer's exchange has to know, taken from the order."""
    return leaving.shopper_of(
        store,
        key,
        customer_id=order.customer_id,
        email=order.billing.email,
        billing=order.billing,
        vat_number=_vat_number(store, order),
        modified_at=order.date_modified_gmt or order.created_at,
    )


def _vat_number(store: StoreContext, order: Order) -> str:
    number = vat_number_of(store.config.customers, order.billing, order.meta_data)
    return number.number if number is not None and number.is_valid else ""
