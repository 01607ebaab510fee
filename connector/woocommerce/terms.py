"""Categories and shop-wide attributes; `WooClient.terms` is one, used by the flow of items.

Names come as a person reads them: the shop sends `Kitchen &amp; Home`.
Source: rest-recorded/category-create-*.json; WooCommerce's class-wc-rest-terms-controller.php and
class-wc-rest-product-attributes-v1-controller.php.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from connector.woocommerce.answers import unclear
from connector.woocommerce.batches import Batch, ElementResult
from connector.woocommerce.canonical import JSONDict
from connector.woocommerce.elements import NewCategory
from connector.woocommerce.paging import list_rows
from connector.woocommerce.scalars import plain_text
from connector.woocommerce.transport import Transport


@dataclass(frozen=True, slots=True)
class Term:
    """A category, or a shop-wide attribute; `parent` 0 is the top."""

    id: int
    name: str
    slug: str
    parent: int = 0


class Terms:
    """The categories and attributes of one shop."""

    def __init__(self, transport: Transport, *, host: str) -> None:
        """Shares the connection of the client; `host` is for messages."""
        self._transport = transport
        self._host = host

    def categories(self) -> Iterator[Term]:
        """Yields all categories, ascending by id; a name may be there once under each parent.

        Raises:
            RemoteUnavailableError: No usable answer.
        """
        return self._walk("products/categories")

    def attributes(self) -> list[Term]:
        """Returns all shop-wide attributes; their slugs begin with `pa_`. The shop does not page them.

        Raises:
            RemoteUnavailableError: No usable answer.
        """
        answer = self._transport.read("products/attributes")
        if not isinstance(answer.data, list) or not all(isinstance(row, dict) and "id" in row for row in answer.data):
            raise unclear(
                "GET products/attributes", host=self._host, is_write=False, what="it is no list of attributes"
            )
        return [_term(row) for row in answer.data]

    def create_categories(self, elements: Sequence[JSONDict]) -> list[ElementResult]:
        """Makes categories, 100 in one call; results and errors as in `Products.write_batch`.

        Safe to send twice: a category of the same name under the same parent is `term_exists` with its number.
        """
        batch = Batch(self._transport, self._host, "products/categories")
        return batch.write(create=elements, update=(), create_as=NewCategory, update_as=NewCategory)

    def _walk(self, path: str) -> Iterator[Term]:
        return (_term(row) for row in list_rows(partial(self._transport.read, path)))


def _term(row: JSONDict) -> Term:
    return Term(
        int(row["id"]), plain_text(str(row.get("name", ""))), str(row.get("slug", "")), int(row.get("parent", 0))
    )
