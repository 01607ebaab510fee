"""What a customer's exchange knows of the shopper, and what config/mappings/customers_to_m3.yaml may read of a run."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import count
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from connector.errors import InvalidPayloadError, MappingError
from connector.flows.context import Run, StoreContext
from connector.woocommerce.models import Address

NUMBER_LENGTH = 10
SEARCH_KEY_LENGTH = 10


class Shopper(BaseModel):
    """A shopper as left by the order flow or by the run of an account. `vat_number` is one that can be one, or empty."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    email: str
    customer_id: int = 0
    billing: Address
    vat_number: str = ""

    @property
    def normalised_email(self) -> str:
        """The e-mail by which shoppers are told apart."""
        return self.email.strip().casefold()


@dataclass(frozen=True)
class CustomerRunValues:
    """The `run` root of config/mappings/customers_to_m3.yaml."""

    customer_number: str
    template: str
    search_key: str
    reference: str
    email: str
    vat_number: str


def read_shopper(run: Run) -> Shopper:
    """Reads the newest body of the exchange.

    Raises:
        InvalidPayloadError: It cannot be read, or was forgotten.
    """
    try:
        body: Any = json.loads(run.claim.body or b"null")
        return Shopper.model_validate(body)
    except (ValueError, ValidationError):
        raise InvalidPayloadError(
            "What is stored about this customer cannot be read.",
            resolution="Save the customer or its newest order again in the shop, so that it is sent anew.",
        ) from None


def values_of(store: StoreContext, *, key: str, shopper: Shopper, unbound: Collection[str] = ()) -> CustomerRunValues:
    """Makes number and keys from the shopper's key.

    Args:
        store: The store.
        key: Of the shopper.
        shopper: As told.
        unbound: Customers of which a person said that they are not this shopper; none gets such a number again.

    Raises:
        MappingError: The store has no template customer.
    """
    config = store.config.customers
    if not config.template:
        raise MappingError(
            f"Store {store.name} creates customers but names no template.",
            rule="customers.template",
            field="CUTM",
            resolution="Set customers.template in the store file to a customer of CRS610 to copy from.",
        )
    return CustomerRunValues(
        customer_number=next(
            one for one in _numbers(f"{store.m3_scope}/{key}", config.number_prefix) if one not in unbound
        ),
        template=config.template,
        search_key=search_key_of(store.name, shopper.customer_id, key),
        reference=str(shopper.customer_id) if shopper.customer_id else f"{store.name}-guest",
        email=shopper.email.strip(),
        vat_number=shopper.vat_number,
    )


def _numbers(key: str, prefix: str) -> Iterator[str]:
    yield number_of(key, prefix=prefix)
    yield from (number_of(f"{key}/{turn}", prefix=prefix) for turn in count(2))


def number_of(key: str, *, prefix: str) -> str:
    """Returns the customer number that belongs to a key: `prefix` and base 32 digits, ten characters in all."""
    digits = base64.b32encode(hashlib.sha256(key.encode()).digest()).decode()
    return prefix + digits[: NUMBER_LENGTH - len(prefix)]


def search_key_of(store: str, customer_id: int, key: str) -> str:
    """Returns ALCU: `<store><shop customer id>`, or a digest where that does not fit or the shopper is a guest."""
    plain = f"{store.upper()}{customer_id}"
    return plain if customer_id and len(plain) <= SEARCH_KEY_LENGTH else number_of(key, prefix="G")
