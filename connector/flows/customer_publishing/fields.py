"""The two sides of config/mappings/customers_to_woo.yaml: what its rules may read, and which fields of an account they may fill.

Used by the runtime, which loads the file, and by this package.
"""

from __future__ import annotations

from dataclasses import make_dataclass

from connector.flows.catalogue.fields import OpenFields, ShopField
from connector.m3.catalogue import Catalogue
from connector.mapping.schema import FieldSpec
from connector.publishing.customers import CustomerPart

FLOW = "customers_to_woo"
RECORD = "account"
META, BILLING = "meta.", "billing."
READ_BY = {"basic": "customer.basic", "order": "customer.order_info", "financial": "customer.financial"}
"""Root of the file -> the operation of M3 that reads it."""

_SOURCES = {"basic": "GetBasicData", "order": "GetOrderInfo", "financial": "GetFinancial"}
PARTS = {
    **dict.fromkeys(("first_name", "last_name", "company"), CustomerPart.NAME),
    **dict.fromkeys(("address_1", "address_2", "city", "postcode", "state", "country"), CustomerPart.ADDRESS),
    "phone": CustomerPart.PHONE,
    "email": CustomerPart.EMAIL,
}
"""Which part of a customer a field of the billing address belongs to."""

_CUSTOMER: dict[str, FieldSpec] = {f"{BILLING}{name}": ShopField() for name in PARTS}


def account_fields(transaction: str) -> dict[str, FieldSpec] | None:
    """Returns the fields of the record `Customer`, made in the shop; None for any other."""
    return OpenFields(_CUSTOMER, prefixes=(META,)) if transaction == "Customer" else None


def account_roots(catalogue: Catalogue) -> dict[str, type]:
    """Returns what the paths of the file may start with: the fields of three transactions of CRS610MI by M3's names."""
    return {
        root: make_dataclass(
            root.title(), [(name, str, "") for name in catalogue.transaction("CRS610MI", transaction).outputs]
        )
        for root, transaction in _SOURCES.items()
    }
