"""The sorts of days there are, and the store file of each: what its flows need, and nothing besides. Used by world.py."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

import yaml

from tests.acceptance.simulation.goods import PUBLISH
from tests.acceptance.simulation.tax_sent import send_tax
from tests.harness import store_file
from tests.integration.flows.books.counting_house import BOOKS, INVOICES, PAYMENTS, SETTLE

CUT_S = 3.0
ORDER_TOPICS = ("order.created", "order.updated", "order.deleted", "order.restored")
GOODS_TOPICS = ("product.updated", "product.deleted", "product.restored")
ACCOUNT_TOPICS = ("customer.created", "customer.updated", "customer.deleted")
FOLLOWED: dict[str, Any] = {"create": "at_once", "owners": {"phone": "m3"}}
"""Accounts are made customers before they order; M3 is the master of the telephone number and of what only M3 has."""
LOCATION = "MAIN"
ISSUE: dict[str, Any] = {"stock": "issue", "issue": {"partner": "WEB", "location": LOCATION, "unit": ""}}

IN_EUROS = {"convert_to": "EUR"}
RATES: dict[str, Any] = {"at": "11:00", "currencies": ["USD"], "oldest_days": 0}
"""Read an hour after a day begins; what has no rate of its very day waits."""


class Sort(StrEnum):
    """What a store carries on a day."""

    ORDERS_ALONE = "orders alone"  # orders of the shop become orders of M3
    TAX_SENT = "orders with tax"  # the shop's tax is sent as charges, and M3 computes none
    PAID = "orders paid"  # they are paid in the books at once, which pays their invoices
    PAID_ON_INVOICES = "orders paid on invoices"  # on their invoices alone, at the gateway's account
    PAID_IN_EUROS = "orders paid in euros"  # at once, in books of one currency, by M3's rate of the day
    IN_PARTS = "orders in parts"  # M3 sends and invoices them in parts, and people edit their lines there
    ACCOUNTS = "accounts"  # the store follows its accounts, too
    GOODS = "goods"  # the shop shows items, prices and stock of M3
    FIRST_LOAD = "first load"  # they are about to come there
    INVOICES = "direct invoices"  # orders are invoices; these are credited, and paid in the receivables by prepayments
    ISSUES = "invoices and stock"  # M3 books the units of invoices out of stock; they are paid at the gateway's account
    ISSUES_SHOWN = "invoices and stock shown"  # and the shop shows what is left

    @property
    def shows_goods(self) -> bool:
        """Whether the store publishes items, prices and stock of M3."""
        return self in (Sort.GOODS, Sort.FIRST_LOAD)

    @property
    def shows_stock(self) -> bool:
        """Whether the store publishes stock of M3."""
        return self.shows_goods or self is Sort.ISSUES_SHOWN

    @property
    def follows_accounts(self) -> bool:
        """Whether the store follows its accounts, and shows what M3 says of its customers."""
        return self is Sort.ACCOUNTS

    @property
    def posts_invoices(self) -> bool:
        """Whether orders are invoices of M3's ledger."""
        return self is Sort.INVOICES or self.issues_stock

    @property
    def pays_orders(self) -> bool:
        """Whether orders become orders of M3, and their payments go to its ledger."""
        return self in (Sort.PAID, Sort.PAID_ON_INVOICES, Sort.PAID_IN_EUROS)

    @property
    def converts(self) -> bool:
        """Whether what is posted is converted by M3's rate of the day; such payments are matched with invoices by people."""
        return self is Sort.PAID_IN_EUROS

    @property
    def keeps_books(self) -> bool:
        """Whether anything goes to M3's ledger."""
        return self.posts_invoices or self.pays_orders

    @property
    def has_prepayments(self) -> bool:
        """Whether a payment is posted at once; else it is posted on its invoice alone, against the gateway's account."""
        return not (self.issues_stock or self is Sort.PAID_ON_INVOICES)

    @property
    def gives_back(self) -> bool:
        """Whether buyers are given something back, and people in M3 end lines of orders."""
        return self.delivers or self.posts_invoices

    @property
    def delivers(self) -> bool:
        """Whether M3 delivers and invoices orders."""
        return self in (Sort.ORDERS_ALONE, Sort.TAX_SENT, Sort.IN_PARTS) or self.pays_orders

    @property
    def issues_stock(self) -> bool:
        """Whether M3 books the units of invoices out of stock."""
        return self in (Sort.ISSUES, Sort.ISSUES_SHOWN)

    @property
    def shares(self) -> int:
        """How many shares of a run's days are of this sort: those that book units out have one together with those that show the
        rest, for their days take longest; so has each that is drawn when asked for.
        """
        return 1 if self.issues_stock or self in ASKED_FOR else 2

    @property
    def topics(self) -> tuple[str, ...]:
        """What of the shop the store listens to."""
        more = GOODS_TOPICS if self.shows_goods else ACCOUNT_TOPICS if self.follows_accounts else ()
        return (*ORDER_TOPICS, *more)

    @property
    def store_file(self) -> str:
        """The store file of such a day."""
        content = yaml.safe_load(store_file(gateway_cut_s=CUT_S, requests_per_s=1000, concurrency=50))
        content["publish"] = self._published
        if self.follows_accounts:
            content["customers"]["accounts"] = FOLLOWED
        if self.posts_invoices:
            self._carry_as_invoices(content)
        if self.keeps_books:
            against = "prepayment" if self.has_prepayments else "clearing"
            settle = {} if self.converts else {"settle": {**SETTLE, "against": against}}
            content["books"] = {**BOOKS, **(IN_EUROS if self.converts else {})}
            content["payments"] = {**PAYMENTS, **settle}
        if self is Sort.TAX_SENT:
            send_tax(content)
        if self.converts:
            content["rates"] = RATES
        return yaml.safe_dump(content)

    @property
    def _published(self) -> dict[str, Any]:
        if self.follows_accounts:
            return {"customers": {}}
        return PUBLISH if self.shows_goods else {"stock": {}} if self.shows_stock else {}

    def _carry_as_invoices(self, content: dict[str, Any]) -> None:
        del content["refunds"]  # they become return orders, which direct invoices do not have
        content["orders"]["carried_as"] = "invoice"
        content["invoices"] = {**INVOICES, "credit_prefix": "W1C-", **(ISSUE if self.issues_stock else {})}


ASKED_FOR = (Sort.TAX_SENT, Sort.PAID, Sort.PAID_ON_INVOICES, Sort.PAID_IN_EUROS, Sort.IN_PARTS)
"""Sorts whose days are drawn with --sorts alone."""
USUAL = tuple(sort for sort in Sort if sort not in ASKED_FOR)
