"""Each policy for each kind of buyer: who becomes one customer of M3, who gets one of their own, and who waits for a person."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any

import pytest

from tests.harness import Connector
from tests.integration.flows.customers.desk import GOOD_VAT, OTHER_VAT, VAT_KEY, Desk, file_of

GUEST, ACCOUNT = "guest", "account"
WAITS, SAME, OTHER = "waits", "same", "other"


@dataclass(frozen=True)
class Bought:
    """For whom somebody buys."""

    company: str = ""
    vat_number: str = ""

    @property
    def order(self) -> dict[str, Any]:
        meta = [{"key": VAT_KEY, "value": self.vat_number}] if self.vat_number else []
        return {"billing": {"company": self.company}, "meta_data": meta}


COMPANIES = {
    "for themselves": (Bought(), Bought()),
    "first for themselves": (Bought(), Bought("Brodovi d.o.o.")),
    "same company, written otherwise": (Bought("Kruške d.o.o."), Bought("KRUSKE, d.o.o.")),
    "other company": (Bought("Kruške d.o.o."), Bought("Brodovi d.o.o.")),
    "other name, same VAT number": (Bought("Kruške d.o.o.", GOOD_VAT), Bought("Kruške i sinovi", GOOD_VAT)),
    "same name, other VAT number": (Bought("Kruške d.o.o.", GOOD_VAT), Bought("Kruške d.o.o.", OTHER_VAT)),
}


def expected(first: Bought, then: Bought, *, buyers: tuple[str, str], company: str, guests: str) -> str:
    """Says what becomes of the second order, in words of its own."""
    if guests == "apart" and buyers[0] != buyers[1]:
        return OTHER  # nothing of the guest's, who proved nothing, is the account's
    if first.vat_number and then.vat_number:
        is_other = first.vat_number != then.vat_number
    else:
        is_other = bool(first.company and then.company) and first.company[:3].upper() != then.company[:3].upper()
    if company == "own":
        return OTHER if is_other or (first != then and not first.company) else SAME
    return WAITS if is_other and company == "person" else SAME


def cases() -> Iterator[tuple[str, tuple[str, str]]]:
    yield from product(COMPANIES, product((GUEST, ACCOUNT), repeat=2))


@pytest.mark.parametrize("guests", ["same", "apart"])
@pytest.mark.parametrize("company", ["person", "own", "same"])
def test_each_kind_of_buyer_under_each_policy(connector: Connector, company: str, guests: str) -> None:
    desk = Desk(connector, file_of(other_company=company, guests_with_account=guests))

    told = {case: outcome(desk, *case, number=number) for number, case in enumerate(cases())}

    wanted = {
        (which, buyers): expected(*COMPANIES[which], buyers=buyers, company=company, guests=guests)
        for which, buyers in cases()
    }
    assert {case: one for case, one in told.items() if one != wanted[case]} == {}


def outcome(desk: Desk, which: str, buyers: tuple[str, str], *, number: int) -> str:
    """Lets somebody buy twice and says whether the second order has the first one's customer."""
    first, then = COMPANIES[which]
    email = f"buyer{number}@example.com"
    account = desk.account(email=email) if ACCOUNT in buyers else None
    before = len(desk.orders())
    for buyer, bought, address in ((buyers[0], first, email), (buyers[1], then, email.upper())):
        order = bought.order
        billing = {**order["billing"], "email": address}
        desk.order(account if buyer == ACCOUNT else None, **{**order, "billing": billing})
    customers = desk.orders()[before:]
    if len(customers) == 1:
        return WAITS
    return SAME if customers[0] == customers[1] else OTHER
