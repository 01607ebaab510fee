"""The shop's REST API as the flows, the polls and the command line use it (`wc/v3`).

Every call goes through the shop's gate. A write is sent once; what its failure means is said by the error.
Source: reference/woocommerce/behaviour.md sections 2 to 4, observed on WooCommerce 9.9.5.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from connector.errors import WooRejectedError
from connector.woocommerce.answers import unclear
from connector.woocommerce.auth import api_root, choose_auth
from connector.woocommerce.canonical import JSONDict
from connector.woocommerce.checks import Note, OrderChanges, WebhookChanges, checked
from connector.woocommerce.customers import Customers
from connector.woocommerce.paging import Page, Place, ReadPage, changed_since, included, list_pages, list_rows
from connector.woocommerce.products import Products
from connector.woocommerce.refunds import Refunds
from connector.woocommerce.terms import Terms
from connector.woocommerce.transport import Answer, Throttle, Transport

NOT_FOUND = 404

ANY = "any"
TRASH = "trash"


@dataclass(frozen=True)
class RawResource:
    """One resource: the bytes as they came (kept as a delivery), and what they say, fractions as Decimal."""

    body: bytes
    data: JSONDict


class WooClient:
    """One shop. Safe to keep for the life of a process.

    `products` holds the calls about products and variations, `terms` those about categories, attributes and their terms,
    `refunds` those about refunds, `customers` those about accounts.
    """

    def __init__(
        self,
        base_url: str,
        consumer_key: str,
        consumer_secret: str,
        *,
        gate: Throttle,
        allow_plain_http: bool = False,
        timeout_s: float = 30,
    ) -> None:
        """Prepares the client; nothing is sent.

        Args:
            base_url: The shop's home address.
            consumer_key: REST API key, `ck_...`.
            consumer_secret: Its secret, `cs_...`.
            gate: Rate limit, slots and breaker of this shop.
            allow_plain_http: Whether the store may be called unencrypted (test shops); then with OAuth 1.0a.
            timeout_s: How long an answer may take.

        Raises:
            ConfigurationError: The address or the keys cannot be used.
        """
        root = api_root(base_url)
        auth = choose_auth(
            root, consumer_key=consumer_key, consumer_secret=consumer_secret, allow_plain_http=allow_plain_http
        )
        self._host = root.split("/")[2]
        self._transport = Transport(root, auth=auth, gate=gate, timeout_s=timeout_s)
        self.products = Products(self._transport, host=self._host)
        self.terms = Terms(self._transport, host=self._host)
        self.refunds = Refunds(self._transport, host=self._host)
        self.customers = Customers(self._transport, host=self._host)

    def close(self) -> None:
        """Closes the pooled connections."""
        self._transport.close()

    def get_order(self, order_id: int) -> RawResource:
        """Gets one order, also a trashed one.

        Raises:
            WooRejectedError: With status 404 and code `woocommerce_rest_shop_order_invalid_id` if there is none.
        """
        answer = self._transport.read(f"orders/{order_id}")
        return RawResource(answer.body, self._object(answer, request=f"GET orders/{order_id}"))

    def list_orders(
        self,
        *,
        modified_after: datetime | None = None,
        include: Sequence[int] = (),
        statuses: Sequence[str] = (ANY, TRASH),
    ) -> Iterator[JSONDict]:
        """Yields orders, whole, each listing ascending by id.

        `any` leaves trashed orders out, so the default makes two listings; an order that is trashed in between
        may come in both. `canonical_json` of a row is its body.

        Args:
            modified_after: Only orders changed at this moment (aware) or later. The shop's own bound is exclusive
                and knows whole seconds only, so it is set one second earlier.
            include: Only these ids; asked in lists of 100.
            statuses: `any`, `trash`, or statuses without `wc-`.

        Raises:
            RemoteUnavailableError: No usable answer, or the list changed at every reading: do not move a cursor.
        """
        bound = changed_since(modified_after)
        for status in _listings(statuses):
            for chosen in included(include) or [()]:
                yield from list_rows(self._reader("orders"), params=(("status", status), *bound, *chosen))

    def order_pages(self, *, status: str, modified_after: datetime, place: Place) -> Iterator[Page]:
        """Yields one listing of orders (`any` or `trash`) page by page, so that it can be gone on with later.

        Args:
            status: `any` leaves trashed orders out; `trash` is the rest.
            modified_after: As in `list_orders`; the same for the whole walk.
            place: Where an earlier walk over this listing stopped, or START.

        Raises:
            RemoteUnavailableError: No usable answer, or the list cannot be walked.
        """
        params = (("status", status), *changed_since(modified_after))
        return list_pages(self._reader("orders"), params=params, place=place)

    def put_order(self, order_id: int, changes: JSONDict) -> JSONDict:
        """Changes an order's status or meta rows and returns the order.

        Safe to send twice: a meta key written again without its id replaces the value. It comes back as
        `order.updated` all the same.

        Raises:
            InvalidPayloadError: `changes` holds something else; nothing was sent.
            OutcomeUnknownError: It may have been done: read the order before anything is repeated.
        """
        return self._write("PUT", f"orders/{order_id}", checked(OrderChanges, changes, request="An order change"))

    def list_notes(self, order_id: int) -> list[JSONDict]:
        """Returns all notes of an order, newest first; the shop does not page them."""
        answer = self._transport.read(f"orders/{order_id}/notes")
        return self._objects(answer, request=f"GET orders/{order_id}/notes")

    def add_note(self, order_id: int, text: str, *, customer_note: bool = False) -> JSONDict:
        """Adds a note to an order and returns it.

        Not safe to send twice: each call adds one. After an unknown outcome look into `list_notes` first.

        Raises:
            InvalidPayloadError: The text is empty; nothing was sent.
            OutcomeUnknownError: It may have been added.
        """
        note = checked(Note, {"note": text, "customer_note": customer_note}, request="An order note")
        return self._write("POST", f"orders/{order_id}/notes", note)

    def delete_note(self, order_id: int, note_id: int) -> None:
        """Deletes a note of an order for good.

        Safe to send twice: a note that is gone is what was wanted.

        Raises:
            OutcomeUnknownError: It may be gone.
        """
        try:
            self._transport.write("DELETE", f"orders/{order_id}/notes/{note_id}", params=(("force", "true"),))
        except WooRejectedError as error:
            if error.status != NOT_FOUND:
                raise

    def list_webhooks(self) -> list[JSONDict]:
        """Returns all webhooks of the shop; secrets and failure counts are never shown, `status` is."""
        return list(list_rows(self._reader("webhooks"), params=(("status", "all"),)))

    def create_webhook(self, *, name: str, topic: str, delivery_url: str, secret: str) -> JSONDict:
        """Makes a webhook and returns it; the shop pings `delivery_url` within this call.

        Not safe to send twice: each call makes one. After an unknown outcome look into `list_webhooks` first.
        A refused address or an unanswered ping shows nowhere in the answer.
        """
        content = {"name": name, "topic": topic, "delivery_url": delivery_url, "secret": secret, "status": "active"}
        return self._write("POST", "webhooks", checked(WebhookChanges, content, request="A webhook"))

    def update_webhook(self, webhook_id: int, changes: JSONDict) -> JSONDict:
        """Changes a webhook (`status`, `delivery_url`, `secret`, `name`, `topic`) and returns it; safe to repeat."""
        content = checked(WebhookChanges, changes, request="A webhook change")
        return self._write("PUT", f"webhooks/{webhook_id}", content)

    def get_system_status(self) -> JSONDict:
        """Returns versions, addresses and settings of the shop; the smallest call that proves address and key."""
        answer = self._transport.read("system_status", (("_fields", "environment,settings"),))
        return self._object(answer, request="GET system_status", expected="environment")

    def get_setting(self, group: str, name: str) -> str:
        """Returns the value of one setting of the shop, e.g. group `tax`, name `woocommerce_prices_include_tax`: yes or no.

        Raises:
            WooRejectedError: Status 404: the shop has no such setting.
        """
        path = f"settings/{group}/{name}"
        return str(self._object(self._transport.read(path), request=f"GET {path}", expected="value")["value"])

    def _reader(self, path: str) -> ReadPage:
        return partial(self._transport.read, path)

    def _write(self, method: str, path: str, content: JSONDict) -> JSONDict:
        answer = self._transport.write(method, path, content=content)
        return self._object(answer, request=f"{method} {path}", is_write=True)

    def _object(self, answer: Answer, *, request: str, is_write: bool = False, expected: str = "id") -> JSONDict:
        if isinstance(answer.data, dict) and expected in answer.data:
            return answer.data
        raise unclear(request, host=self._host, is_write=is_write, what="the answer is JSON but no resource")

    def _objects(self, answer: Answer, *, request: str) -> list[JSONDict]:
        if isinstance(answer.data, list) and all(isinstance(row, dict) for row in answer.data):
            return answer.data
        raise unclear(request, host=self._host, is_write=False, what="the answer is JSON but no list of resources")


def _listings(statuses: Sequence[str]) -> list[str]:
    """`any` and `trash` each need a listing of their own; other statuses fit into one."""
    alone = [status for status in (ANY, TRASH) if status in statuses]
    others = [status for status in dict.fromkeys(statuses) if status not in (ANY, TRASH)]
    return [*alone, *([",".join(others)] if others and ANY not in statuses else [])]
