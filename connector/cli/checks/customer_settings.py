"""Judges how M3 would treat the orders of a customer, common or template. Called by checks/m3_customers.py.

Source: money-and-stock.md section 5 (what is refused) and section 3 (VAT of exempt customers, and in tax mode T).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from connector.m3.calls import Answer, Call
from connector.m3.programs.charges import Charge
from connector.m3.programs.crs610mi import (
    Financial,
    OrderInfo,
    get_financial,
    get_order_info,
    list_customer_charges,
    read_customer_charges,
    read_financial,
    read_order_info,
)
from connector.m3.rejections import is_not_found

LIMITS = ("CRLM", "CRL2", "CRL3", "ODUD")


@dataclass(frozen=True)
class Settings:
    """How M3 treats the orders of one customer."""

    orders: OrderInfo
    money: Financial
    charges: tuple[Charge, ...]


def ask_settings(customer: str) -> tuple[Call, ...]:
    """Makes the calls whose answers read_settings takes, in this order."""
    return get_order_info(customer), get_financial(customer), list_customer_charges(customer)


def read_settings(answers: list[Answer], *, customer: str) -> Settings:
    """Returns the settings.

    Raises:
        ConnectorError: M3 refused to tell one of them; a customer without charges is no refusal.
    """
    order_info, financial, charges = answers
    added = () if is_not_found(charges.error) else read_customer_charges(charges, customer=customer)
    return Settings(read_order_info(order_info), read_financial(financial), tuple(added))


def find_wrong(settings: Settings, *, may_be_taxed: bool) -> Iterator[str]:
    """Yields in words what makes orders differ, or stops them.

    Args:
        settings: How M3 treats the customer's orders.
        may_be_taxed: Whether M3 is to compute VAT on them; False for exempt buyers and in tax mode T.
    """
    orders, money = settings.orders, settings.money
    if orders.has_summary_invoice:
        yield "one invoice sums up several orders (AICD)"
    if orders.has_tax_included:
        yield "prices count as with VAT (TINC), but net prices are sent"
    if orders.discount_model:
        yield f"discount model {orders.discount_model} takes something off (DISY)"
    if orders.discount_percent:
        yield f"a discount of {orders.discount_percent.normalize():f} % is taken off (DIPC)"
    if orders.charge_model:
        yield f"charge model {orders.charge_model} adds charges (CHSY)"
    if settings.charges:
        yield f"M3 adds {', '.join(one.id for one in settings.charges)} to each order (charges of the customer)"
    if money.is_stopped:
        yield "it is stopped (BLCD)"
    if limits := [name for name, limit in zip(LIMITS, money.credit_limits, strict=True) if limit]:
        yield f"a credit limit stops prepaid orders ({', '.join(limits)})"
    if money.is_taxed and not may_be_taxed:
        yield "M3 computes VAT (TXAP), but none is due"
