"""Which operations of M3 a store uses: what serves a part its file leaves out may be missing. Used by connector/cli/check.py."""

from __future__ import annotations

from collections.abc import Iterable

from connector.m3.operations import Operation
from connector.stores import StoreConfig

PARTS = {
    "item.update": "products",
    "item.list": "items",
    "item.changed": "items",
    "item.style": "items",
    "item.units": "items",
    "item.aliases": "items",
    "item_group.": "items",
    "product_group.": "items",
    "hierarchy.": "items",
    "price.": "prices",
    "balance.": "stock",
    "count.": "stock",
    "customer.changed": "customers",
    "currency.rate": "rates",
}
"""Beginning of an operation's key -> the part of the store file that uses it (of `publish`, or beside it).
All others are used by every store, but for those of the ledger."""

FINANCE = {"journal.": ("payments",), "invoice.": ("invoices",), "ledger.": ("payments", "invoices")}
"""Beginning of an operation's key -> the parts of the store file of which one has to be there."""

SETTLING = ("receipt.", "receivable.")
"""Beginnings of what `payments.settle` of the store file uses."""


ACCOUNTS = (
    "customer.address",
    "customer.add_address",
    "customer.change_address",
    "customer.delete_address",
    "customer.change",
)
"""Operations that serve customers.accounts alone."""
EMAILS = ("customer.email", "customer.add_email", "customer.change_email")
"""And those of them for customers.accounts.email_type."""


def used_operations(operations: Iterable[Operation], config: StoreConfig) -> list[Operation]:
    """Returns the operations without those of parts the store file leaves out."""
    unpublished = [
        key for key, part in PARTS.items() if getattr(config.publish, part, getattr(config, part, None)) is None
    ]
    left_out = [key for key, parts in FINANCE.items() if all(getattr(config, part) is None for part in parts)]
    if config.payments is None or config.payments.settle is None:
        left_out += SETTLING
    unused = (*unpublished, *left_out)
    accounts = config.customers.accounts
    unfollowed = (*(ACCOUNTS if accounts is None else ()), *(() if accounts and accounts.email_type else EMAILS))
    return [one for one in operations if not one.key.startswith(unused) and one.key not in unfollowed]
