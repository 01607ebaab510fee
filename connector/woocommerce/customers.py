"""The accounts of a shop; `WooClient.customers` is one, used by the flows and polls of customers.

A list shows the role "customer" alone unless it is asked for all: wholesale plug-ins give their buyers roles of their own.
Source: reference/woocommerce/behaviour.md sections 3 and 4, rest-recorded/customer*.json.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

from pydantic import Field

from connector.errors import WooRejectedError
from connector.woocommerce.answers import unclear
from connector.woocommerce.batches import Batch, ElementResult
from connector.woocommerce.canonical import JSONDict
from connector.woocommerce.checks import Written, WrittenMeta
from connector.woocommerce.paging import START, Page, Place, included, list_pages, list_rows
from connector.woocommerce.transport import Transport

UNKNOWN = "woocommerce_rest_invalid_id"
NOT_FOUND = 404
_EVERY_ROLE = (("role", "all"),)


class BillingChange(Written):
    """What may be changed of a billing address; texts alone, for the shop takes anything."""

    first_name: str | None = Field(default=None, max_length=255)
    last_name: str | None = Field(default=None, max_length=255)
    company: str | None = Field(default=None, max_length=255)
    address_1: str | None = Field(default=None, max_length=255)
    address_2: str | None = Field(default=None, max_length=255)
    city: str | None = Field(default=None, max_length=255)
    state: str | None = Field(default=None, max_length=255)
    postcode: str | None = Field(default=None, max_length=50)
    country: str | None = Field(default=None, pattern="^([A-Z]{2})?$")
    email: str | None = Field(default=None, pattern=r"^([^@\s]+@[^@\s]+)?$")
    phone: str | None = Field(default=None, max_length=100)


class AccountChange(Written):
    """What the connector may change on an account. The e-mail address it logs in with is never one of it."""

    id: int = Field(gt=0)
    billing: BillingChange | None = None
    meta_data: list[WrittenMeta] | None = Field(default=None, min_length=1)


class Customers:
    """The accounts of one shop."""

    def __init__(self, transport: Transport, *, host: str) -> None:
        """Shares the connection of the client; `host` is for messages."""
        self._transport = transport
        self._host = host

    def get(self, customer_id: int) -> JSONDict | None:
        """Gets one account; None if the shop says that it has none of this number.

        Raises:
            WooRejectedError: Another refusal; a 404 without the shop's own code may be a plug-in's or a proxy's.
        """
        path = f"customers/{customer_id}"
        try:
            answer = self._transport.read(path)
        except WooRejectedError as error:
            if error.status == NOT_FOUND and error.remote_code == UNKNOWN:
                return None
            raise
        if isinstance(answer.data, dict) and "id" in answer.data:
            return answer.data
        raise unclear(f"GET {path}", host=self._host, is_write=False, what="the answer is JSON but no customer")

    def pages(self, *, place: Place = START) -> Iterator[Page]:
        """Yields all accounts page by page, ascending by id; the shop has no filter by date of change.

        Raises:
            RemoteUnavailableError: No usable answer, or the list cannot be walked.
        """
        return list_pages(partial(self._transport.read, "customers"), params=_EVERY_ROLE, place=place)

    def by_id(self, customer_ids: Sequence[int]) -> dict[int, JSONDict]:
        """Returns the accounts of these numbers that there are, by number; asked in lists of 100."""
        found: dict[int, JSONDict] = {}
        for chunk in included(customer_ids):
            rows = list_rows(partial(self._transport.read, "customers"), params=(*_EVERY_ROLE, *chunk))
            found |= {int(row["id"]): row for row in rows}
        return found

    def write_batch(self, elements: Sequence[JSONDict]) -> list[ElementResult]:
        """Changes up to 100 accounts in one call and says of each what became of it; absolute, so it may be sent twice.

        Each comes back as `customer.updated`.

        Raises:
            OutcomeUnknownError: No clear answer; any of them may have been written.
            WooRejectedError: The call as a whole was refused.
        """
        batch = Batch(self._transport, self._host, "customers")
        return batch.write(create=(), update=elements, create_as=AccountChange, update_as=AccountChange)
