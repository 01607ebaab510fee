"""Checks the common web customers and the template of a store in M3. Called by connector/cli/check.py.

A template is looked at as a common customer is: what it has, every customer made from it gets.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from connector.cli.checks.customer_settings import Settings, ask_settings, find_wrong, read_settings
from connector.cli.checks.finding import Area, Finding
from connector.errors import ConnectorError
from connector.m3.calls import Answer
from connector.m3.client import M3Client
from connector.m3.programs.crs610mi import DEFINITE, get_basic_data, read_customer
from connector.stores.config import StoreConfig
from connector.stores.customers import CommonCustomer, CustomersConfig, GuestPolicy
from connector.stores.money import TaxMode
from connector.stores.orders import CarriedAs


@dataclass(frozen=True)
class Asked:
    """A customer that M3 is asked about. `common` is its entry in the store file, None for the template."""

    number: str
    common: CommonCustomer | None

    @property
    def what(self) -> str:
        """Its name among the findings."""
        return f"customer {self.number}" if self.common else "customer template"


def check_customers(area: Area, m3: M3Client, config: StoreConfig) -> Iterator[Finding]:
    """Yields what was found about each common customer, and about the template if one is needed."""
    customers = config.customers
    asked = [Asked(one.number, one) for one in customers.common]
    if customers.template:
        asked.append(Asked(customers.template, None))
    with_settings = config.orders.carried_as is CarriedAs.ORDER  # else M3 makes no orders
    calls = [(get_basic_data(one.number), *(ask_settings(one.number) if with_settings else ())) for one in asked]
    try:
        answers = iter(m3.read([call for of_one in calls for call in of_one]))
    except ConnectorError as error:
        yield area.error("customers", error)
        return
    problems: list[Finding] = []
    for one, of_one in zip(asked, calls, strict=True):
        problems += _look(area, one, [next(answers) for _ in of_one], config)
    yield from problems
    yield from _all_well(area, customers, {one.name for one in problems})
    yield from _missing(area, customers)


def _all_well(area: Area, customers: CustomersConfig, troubled: set[str]) -> Iterator[Finding]:
    if customers.common and troubled <= {"customer template"}:
        yield area.ok(
            "common customers",
            f"all {len(customers.common)} are active, have the configured currency, and M3 changes nothing of their orders",
        )
    if customers.template and "customer template" not in troubled:
        yield area.ok(
            "customer template", f"{customers.template} exists, and M3 changes nothing of orders made with it"
        )


def _missing(area: Area, customers: CustomersConfig) -> Iterator[Finding]:
    policies = (customers.guests, customers.registered)
    if not customers.template and GuestPolicy.PER_EMAIL in policies:
        yield area.fail(
            "customer template",
            "Customers are to be made per e-mail address, but customers.template is empty.",
            remedy="Name a template customer (CUTM) in the store file.",
        )
    if not customers.common and GuestPolicy.COMMON in policies:
        yield area.fail(
            "common customers",
            "Orders are to go to common customers, but customers.common names none.",
            remedy="Add one per VAT area, currency and exemption to the store file.",
        )


def _look(area: Area, asked: Asked, answers: list[Answer], config: StoreConfig) -> Iterator[Finding]:
    basic, *of_settings = answers
    unusable = _template(area, asked, basic) if asked.common is None else _common(area, asked.common, basic)
    if unusable is not None:
        yield unusable
    elif of_settings:
        yield from _settings(area, asked, of_settings, config)


def _common(area: Area, wanted: CommonCustomer, basic: Answer) -> Finding | None:
    what = f"customer {wanted.number}"
    if basic.error is not None:
        return area.fail(
            what,
            f"The common customer for {wanted.currency} does not exist: {basic.error.message}",
            remedy="Make it in CRS610, or correct customers.common in the store file.",
        )
    customer = read_customer(basic)
    if customer.status != DEFINITE:
        return area.fail(
            what,
            f"Its status is {customer.status or 'empty'}; orders need {DEFINITE}.",
            remedy=f"Set the status to {DEFINITE} in CRS610.",
        )
    if customer.currency and customer.currency != wanted.currency:
        return area.fail(
            what,
            f"In M3 its currency is {customer.currency}, in the store file {wanted.currency}.",
            remedy="M3 takes the currency from the customer: name a customer of the right currency.",
        )
    return None


def _template(area: Area, asked: Asked, basic: Answer) -> Finding | None:
    if basic.error is None:
        return None
    return area.fail(
        asked.what,
        f"Template {asked.number}: {basic.error.message}",
        remedy="Make the template in CRS610, or correct customers.template in the store file.",
    )


def _settings(area: Area, asked: Asked, answers: list[Answer], config: StoreConfig) -> Iterator[Finding]:
    try:
        settings = read_settings(answers, customer=asked.number)
    except ConnectorError as error:
        yield area.warn(
            asked.what,
            f"M3 does not tell how it treats orders of {asked.number}: {error.message}",
            remedy="Look in CRS610 yourself: summary invoice, VAT included, discounts, charges, customer stop, credit limits.",
        )
        return
    taxed = config.money.tax_mode is TaxMode.M3_COMPUTES
    wrong = list(find_wrong(settings, may_be_taxed=taxed and not (asked.common and asked.common.exempt)))
    if wrong:
        yield area.fail(asked.what, _told(asked, wrong), remedy=_remedy(asked))
    if _lacks_vat(asked, settings, config):
        yield area.warn(
            asked.what,
            f"M3 computes no VAT on orders of {asked.number} (TXAP): those on which the shop charges tax will differ.",
            remedy="Set it to taxable in CRS610, unless nobody who gets it pays tax in the shop.",
        )


def _told(asked: Asked, wrong: list[str]) -> str:
    whose = "its orders" if asked.common else f"orders of customers made from {asked.number}"
    return f"In M3 {whose} would not add up, or be stopped: {'; '.join(wrong)}."


def _remedy(asked: Asked) -> str:
    if asked.common:
        return "Change it in CRS610, or name another customer in customers.common of the store file."
    return (
        "Change the template in CRS610, or name another in customers.template of the store file; customers it has made "
        "already keep what they got. Who buys on account gets a credit limit of its own."
    )


def _lacks_vat(asked: Asked, settings: Settings, config: StoreConfig) -> bool:
    """A common customer that has an exempt twin for the same countries is the taxed one of the two."""
    if settings.money.is_taxed or config.money.tax_mode is TaxMode.SHOP_TAX_SENT:
        return False
    one = asked.common
    return one is None or (
        not one.exempt
        and any(
            (other.countries, other.currency, other.exempt) == (one.countries, one.currency, True)
            for other in config.customers.common
        )
    )
