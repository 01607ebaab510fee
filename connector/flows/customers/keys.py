"""By what shoppers and companies are told apart. Used by the order flow, which waits for customers, and by customers_to_m3.

Keys are digests, so that they can be shown and logged. Two companies are never taken for one: where both give a VAT number it
decides, else the name without case, accents and punctuation.
"""

from __future__ import annotations

import hashlib
import unicodedata
from dataclasses import dataclass

from connector.flows.customers.vat_numbers import VatNumber, read_vat_number
from connector.publishing.customers import GuestsWithAccount, OtherCompany
from connector.stores.customers import CustomersConfig
from connector.woocommerce.lines import MetaData, meta_value
from connector.woocommerce.models import Address

DIGEST = 32


@dataclass(frozen=True)
class Identity:
    """Which company somebody buys for: digests of its name and VAT number, empty where none was given."""

    company: str = ""
    vat_number: str = ""

    @property
    def is_company(self) -> bool:
        """Whether it is one at all."""
        return bool(self.company or self.vat_number)

    def is_other_than(self, known: Identity) -> bool:
        """Tells whether both name a company, and not the same one. Who names none may buy for any."""
        if self.vat_number and known.vat_number:
            return self.vat_number != known.vat_number
        return bool(self.company and known.company) and self.company != known.company

    def is_same_as(self, known: Identity) -> bool:
        """Tells whether both name a company, and it is the same one."""
        if self.vat_number and known.vat_number:
            return self.vat_number == known.vat_number
        return bool(self.company) and self.company == known.company

    def filled_from(self, known: Identity) -> Identity:
        """Returns this identity; what it lacks is taken from the known one."""
        return Identity(self.company or known.company, self.vat_number or known.vat_number)


def email_key(email: str) -> str:
    """Returns the key of a shopper across stores: a digest of the normalised e-mail."""
    return digest_of(email.strip().casefold())


def shopper_key(config: CustomersConfig, *, email: str, has_account: bool, identity: Identity) -> str:
    """Returns the key of the shopper's customer under the store's rules.

    Args:
        config: The rules.
        email: Of the bill.
        has_account: Whether the shop knows who it is; a guest's e-mail is nobody's proof.
        identity: The company it is for.
    """
    parts = [email.strip().casefold()]
    if not has_account and config.guests_with_account is GuestsWithAccount.APART:
        parts.append("guest")
    if config.other_company is OtherCompany.OWN and identity.is_company:
        parts.append(identity.vat_number or identity.company)
    return digest_of("\n".join(parts))


def identity_of(config: CustomersConfig, billing: Address, meta: tuple[MetaData, ...]) -> Identity:
    """Returns the company of a bill. A VAT number that cannot be one tells nothing."""
    number = vat_number_of(config, billing, meta)
    return Identity(
        company_key(billing.company),
        digest_of(number.number) if number is not None and number.is_valid else "",
    )


def company_key(name: str) -> str:
    """Returns the digest of a company's name, without case, accents and punctuation; empty if it has none."""
    named = "".join(letter for letter in _plain(name) if letter.isalnum())
    return digest_of(named) if named else ""


def words_of(name: str) -> tuple[str, ...]:
    """Returns the words of a name, without case, accents and punctuation, in an order of their own."""
    letters = "".join(letter if letter.isalnum() else " " for letter in _plain(name))
    return tuple(sorted(letters.split()))


def vat_number_of(config: CustomersConfig, billing: Address, meta: tuple[MetaData, ...]) -> VatNumber | None:
    """Returns the VAT number of an order or account, from the first of the store's meta keys that has one."""
    found = (str(meta_value(meta, key) or "").strip() for key in config.vat_numbers.meta_keys)
    text = next((one for one in found if one), "")
    return read_vat_number(text, country=billing.country) if text else None


def digest_of(text: str) -> str:
    """Returns the digest of a normalised text."""
    return hashlib.sha256(text.encode()).hexdigest()[:DIGEST]


def _plain(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter))
