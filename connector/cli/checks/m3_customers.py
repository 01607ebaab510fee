"""Checks the common web customers and the template of a store in M3. Called by connector/cli/check.py."""

from __future__ import annotations

from collections.abc import Iterator

from connector.cli.checks.finding import Area, Finding
from connector.errors import ConnectorError
from connector.m3.calls import Answer
from connector.m3.client import M3Client
from connector.m3.programs.crs610mi import (
    DEFINITE,
    get_basic_data,
    get_financial,
    get_order_info,
    list_customer_charges,
    read_customer,
    read_customer_charges,
    read_financial,
    read_order_info,
)
from connector.stores.config import StoreConfig
from connector.stores.customers import CommonCustomer, GuestPolicy

ASKED = (get_basic_data, get_order_info, get_financial, list_customer_charges)
"""What is asked of each common customer."""


def check_customers(area: Area, m3: M3Client, config: StoreConfig) -> Iterator[Finding]:
    """Yields what was found about each common customer, and about the template if one is needed."""
    common = config.customers.common
    calls = [make(one.number) for one in common for make in ASKED]
    template = config.customers.template
    try:
        answers = m3.read([*calls, *([get_basic_data(template)] if template else [])])
    except ConnectorError as error:
        yield area.error("customers", error)
        return
    found = [
        _common(area, one, answers[len(ASKED) * place : len(ASKED) * (place + 1)]) for place, one in enumerate(common)
    ]
    problems = [one for one in found if one is not None]
    yield from problems
    if common and not problems:
        yield area.ok("common customers", f"all {len(common)} are active and have the configured currency")
    if template:
        yield _template(area, template, answers[-1])
    elif GuestPolicy.PER_EMAIL in (config.customers.guests, config.customers.registered):
        yield area.fail(
            "customer template",
            "Customers are to be made per e-mail address, but customers.template is empty.",
            remedy="Name a template customer (CUTM) in the store file.",
        )
    if not common and GuestPolicy.COMMON in (config.customers.guests, config.customers.registered):
        yield area.fail(
            "common customers",
            "Orders are to go to common customers, but customers.common names none.",
            remedy="Add one per VAT area, currency and exemption to the store file.",
        )


def _common(area: Area, wanted: CommonCustomer, answers: list[Answer]) -> Finding | None:
    what = f"customer {wanted.number}"
    basic, order_info, financial, charges = answers
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
    odd = _what_is_odd(order_info, financial)
    if charges.error is None:
        added = [one.id for one in read_customer_charges(charges, customer=wanted.number)]
        odd += [f"M3 adds {', '.join(added)} to each order (CRS610, charges)"] if added else []
    if odd:
        return area.warn(
            what, f"Set so that web orders may not add up: {'; '.join(odd)}.", remedy="Change it in CRS610."
        )
    return None


def _what_is_odd(order_info: Answer, financial: Answer) -> list[str]:
    """Settings of a customer that change amounts or stop orders (money-and-stock section 4)."""
    odd = []
    if order_info.error is None:
        orders = read_order_info(order_info)
        odd += ["summary invoices over many shoppers (AICD)"] if orders.has_summary_invoice else []
        odd += ["prices with VAT included (TINC)"] if orders.has_tax_included else []
        odd += [f"charge model {orders.charge_model} (CHSY)"] if orders.charge_model else []
        odd += [f"discount model {orders.discount_model} (DISY)"] if orders.discount_model else []
    if financial.error is None:
        money = read_financial(financial)
        odd += ["customer stop (BLCD)"] if money.is_stopped else []
        odd += ["a credit limit (CRLM, CRL2, CRL3)"] if any(money.credit_limits) else []
    return odd


def _template(area: Area, number: str, answer: Answer) -> Finding:
    if answer.error is not None:
        return area.fail(
            "customer template",
            f"Template {number}: {answer.error.message}",
            remedy="Make the template in CRS610, or correct customers.template in the store file.",
        )
    return area.ok("customer template", f"{number} exists")
