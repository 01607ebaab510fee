"""Which M3 customer an order gets: `customers` of a store file. Read by config.py and the flows of customers."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from connector.publishing.customers import Accounts, GuestsWithAccount, OtherCompany, VatNumbers
from connector.publishing.strict import Strict


class GuestPolicy(StrEnum):
    """Which M3 customer an order gets."""

    COMMON = "common"  # one web customer per VAT area, currency and exemption; the address is on the order
    PER_EMAIL = "per_email"  # one M3 customer per normalised e-mail address


class CommonCustomer(Strict):
    """One web customer of M3 that carries orders of many shoppers."""

    countries: tuple[str, ...]  # ISO 3166 alpha-2; "*" stands for every other country
    currency: str
    exempt: bool = False
    number: str = Field(min_length=1, max_length=10)


class CustomersConfig(Strict):
    """Which M3 customer an order belongs to."""

    guests: GuestPolicy = GuestPolicy.COMMON
    registered: GuestPolicy = GuestPolicy.PER_EMAIL
    template: str = Field(default="", max_length=10)
    number_prefix: str = Field(default="W", max_length=2, pattern="^[A-Z0-9]*$")
    guests_with_account: GuestsWithAccount = GuestsWithAccount.SAME
    other_company: OtherCompany = OtherCompany.PERSON
    vat_numbers: VatNumbers = VatNumbers()
    accounts: Accounts | None = None
    common: tuple[CommonCustomer, ...] = ()

    def common_number(self, *, country: str, currency: str, exempt: bool) -> str | None:
        """Returns the common customer for a VAT area, currency and exemption, or None if none is configured."""
        fitting = [one for one in self.common if one.currency == currency and one.exempt == exempt]
        for wanted in (country, "*"):
            for one in fitting:
                if wanted in one.countries:
                    return one.number
        return None
