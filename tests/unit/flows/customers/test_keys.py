"""By what shoppers and companies are told apart."""

from __future__ import annotations

import pytest

from connector.flows.customers.keys import Identity, email_key, identity_of, shopper_key
from connector.publishing.customers import GuestsWithAccount, OtherCompany
from connector.stores.customers import CustomersConfig
from connector.woocommerce.lines import MetaData
from connector.woocommerce.models import Address

CONFIG = CustomersConfig()
GOOD, OTHER = "HR33392005961", "HR69435151530"


def who(company: str = "", vat_number: str = "") -> Identity:
    meta = (MetaData(key="vat_number", value=vat_number),) if vat_number else ()
    return identity_of(CONFIG, Address(company=company, country="HR"), meta)


@pytest.mark.parametrize(
    ("one", "other", "is_other"),
    [
        (who("Kruške d.o.o."), who("KRUSKE  D.O.O"), False),
        (who("Kruške"), who("Jabuke"), True),
        (who("Kruške"), who(), False),
        (who(), who("Kruške"), False),
        (who("Kruške", GOOD), who("Jabuke", "hr 33392005961"), False),
        (who("Kruške", GOOD), who("Kruške", OTHER), True),
        (who("Kruške", "HR1"), who("Kruške", OTHER), False),  # what can be no VAT number tells nothing
        (who("", GOOD), who("Kruške"), False),
    ],
)
def test_two_companies_are_never_taken_for_one(one: Identity, other: Identity, *, is_other: bool) -> None:
    assert one.is_other_than(other) is is_other
    assert other.is_other_than(one) is is_other


def test_key_of_a_shopper_is_the_e_mail_address_alone_unless_the_store_says_more() -> None:
    key = shopper_key(CONFIG, email=" Ana@Example.com ", has_account=False, identity=who("Kruške"))

    assert key == email_key("ana@example.com")


def test_guest_kept_apart_has_another_key_than_the_account() -> None:
    config = CustomersConfig(guests_with_account=GuestsWithAccount.APART)

    keys = {
        shopper_key(config, email="ana@example.com", has_account=has_account, identity=who())
        for has_account in (True, False)
    }

    assert len(keys) == 2


def test_companies_that_share_an_address_have_keys_of_their_own_where_the_store_says_so() -> None:
    config = CustomersConfig(other_company=OtherCompany.OWN)

    keys = [
        shopper_key(config, email="ana@example.com", has_account=True, identity=identity)
        for identity in (who(), who("Kruške"), who("Jabuke"), who("KRUSKE"))
    ]

    assert len(set(keys)) == 3
    assert keys[1] == keys[3]
