"""What a store file says of its customers beyond which one an order gets: parts of `customers`. Read by connector/stores."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from connector.publishing.strict import Strict, Text


class GuestsWithAccount(StrEnum):
    """What a guest is whose e-mail address an account of the shop has. Nobody has proved that the address is the guest's."""

    SAME = "same"  # the account's customer in M3; nothing of the guest's order changes it
    APART = "apart"  # a customer of the guest's own


class OtherCompany(StrEnum):
    """What becomes of an order whose e-mail address is known of another company."""

    PERSON = "person"  # it waits for a person
    OWN = "own"  # each company is a customer of its own, for e-mail address and company together
    SAME = "same"  # the e-mail address alone decides


class InvalidVatNumber(StrEnum):
    """What becomes of a VAT number that cannot be one."""

    LEAVE_OUT = "leave_out"  # M3 gets none, and the outcome says so
    PERSON = "person"  # the account waits for a person; its orders go on


class Create(StrEnum):
    """When an account of the shop becomes a customer of M3."""

    WITH_ORDER = "with_order"  # when it orders something
    AT_ONCE = "at_once"


class Erased(StrEnum):
    """What is done in M3 for somebody whose data were erased in the shop; the connector forgets them in any case."""

    KEEP = "keep"  # nothing: what was invoiced has to be kept
    PERSON = "person"  # a person decides


class CustomerPart(StrEnum):
    """Parts of a customer that have one master each."""

    NAME = "name"
    ADDRESS = "address"
    PHONE = "phone"
    EMAIL = "email"
    VAT_NUMBER = "vat_number"
    DELIVERY_ADDRESS = "delivery_address"


class Master(StrEnum):
    """Who is the master of a part."""

    SHOP = "shop"  # what is changed in the shop travels to M3
    M3 = "m3"  # what is changed in M3 travels to the shop, where the store carries customers there


class VatNumbers(Strict):
    """Where the shop keeps VAT numbers, and what a wrong one means."""

    meta_keys: tuple[Text, ...] = ("billing_eu_vat_number", "_billing_eu_vat_number", "_vat_number", "vat_number")
    invalid: InvalidVatNumber = InvalidVatNumber.LEAVE_OUT


class Accounts(Strict):
    """How the accounts of the shop are followed after M3 has them."""

    create: Create = Create.WITH_ORDER
    owners: dict[CustomerPart, Master] = Field(default_factory=dict)
    delivery_address: Text = Field(default="WEB", max_length=6)
    email_type: Text = Field(default="", max_length=2)
    erased: Erased = Erased.KEEP

    def owner(self, part: CustomerPart) -> Master:
        """Returns the master of a part; the shop unless the file says otherwise."""
        return self.owners.get(part, Master.SHOP)


class CustomersPublishing(Strict):
    """What M3 says of customers goes to their accounts in the shop, as config/mappings/customers_to_woo.yaml says.

    Which parts of name and address M3 is the master of stands under customers.accounts.owners; the rest of the file is M3's.
    """
