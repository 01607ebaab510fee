"""The calls about products and variations; `WooClient.products` is one, used by the flows of items, prices and stock.

Rows are the shop's JSON (`product_models.parse_product` reads them), cut down to the fields asked for. A simple or
variable product is written by `write_batch`, a variation only under its parent by `write_variations`.

`as_stored` asks for rows in the form in which answers to writes show them (`context=edit`). Without it they come as readers of
the shop get them: descriptions in paragraphs with typographic quotes, prices as plug-ins change them, and what a variation has
from its parent as its own. Compare texts with what was written only `as_stored`.
Source: reference/woocommerce/behaviour.md sections 3 and 4, observed on WooCommerce 9.9.5; WooCommerce's get_product_data.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from urllib.parse import quote

from connector.errors import WooRejectedError
from connector.woocommerce.answers import Refusal, unclear
from connector.woocommerce.batches import Batch, ElementResult, explain
from connector.woocommerce.canonical import JSONDict
from connector.woocommerce.elements import NewProduct, NewVariation, ProductChange, VariationChange
from connector.woocommerce.paging import START, Page, Place, ReadPage, changed_since, included, list_pages, list_rows
from connector.woocommerce.transport import Params, Transport

_MOST_SKUS = 90  # a page has 100 rows, and a SKU may be there more than once
_MOST_SKU_BYTES = 3000  # of the address; servers give up at about 8,000


class Products:
    """The products of one shop."""

    def __init__(self, transport: Transport, *, host: str) -> None:
        """Shares the connection of the client; `host` is for messages."""
        self._transport = transport
        self._host = host

    def by_sku(
        self, skus: Sequence[str], *, fields: Sequence[str] = (), as_stored: bool = False
    ) -> dict[str, list[JSONDict]]:
        """Finds products and variations by SKU, not those in the trash.

        Args:
            skus: The SKUs; letter case and blanks around them do not matter. They are the keys of the result, as given.
            fields: Only these fields; `id` and `sku` always come. None named: all.
            as_stored: As they are stored, not as readers get them.

        Returns:
            The rows of each SKU that was found: one, or several if the shop holds the SKU more than once (an import or a
            plug-in can do that), ascending by id. A variation has `type` variation and its `parent_id`.

        Raises:
            RemoteUnavailableError: No usable answer.
        """
        keys = {sku: sku.strip().casefold() for sku in skus if sku.strip()}
        shape = _shape(("sku", *fields) if fields else (), as_stored=as_stored)
        found: dict[str, list[JSONDict]] = {}
        for chunk in _sku_lists(list(dict.fromkeys(sku.strip() for sku in keys))):
            for row in list_rows(self._reader("products"), params=(("sku", chunk), *shape)):
                found.setdefault(str(row.get("sku")).casefold(), []).append(row)
        return {sku: found[key] for sku, key in keys.items() if key in found}

    def by_id(
        self, ids: Sequence[int], *, fields: Sequence[str] = (), as_stored: bool = False, is_trashed: bool = False
    ) -> dict[int, JSONDict]:
        """Returns simple and variable products by id, 100 a request; no variations; either none in the trash, or those alone.

        Raises:
            RemoteUnavailableError: No usable answer.
        """
        shape = (*((("status", "trash"),) if is_trashed else ()), *_shape(fields, as_stored=as_stored))
        rows = (
            row for chosen in included(ids) for row in list_rows(self._reader("products"), params=(*chosen, *shape))
        )
        return {row["id"]: row for row in rows}

    def get(self, product_id: int, *, fields: Sequence[str] = (), as_stored: bool = False) -> JSONDict | None:
        """Returns one product or variation, also one in the trash (`status` trash); None if there is none.

        Raises:
            RemoteUnavailableError: No usable answer.
        """
        path = f"products/{product_id}"
        try:
            answer = self._transport.read(path, _shape(fields, as_stored=as_stored))
        except WooRejectedError as error:
            if error.status == 404:
                return None
            raise
        if isinstance(answer.data, dict) and "id" in answer.data:
            return answer.data
        raise unclear(f"GET {path}", host=self._host, is_write=False, what="the answer is JSON but no resource")

    def pages(
        self,
        *,
        place: Place = START,
        modified_after: datetime | None = None,
        fields: Sequence[str] = (),
        as_stored: bool = False,
    ) -> Iterator[Page]:
        """Yields all simple and variable products page by page, ascending by id; no variations, none in the trash.

        A page holds up to 99 new rows; memory holds one page. Keep `page.after` once its rows are worked off, and go on
        from there after a crash or tomorrow.

        Args:
            place: Where an earlier walk stopped.
            modified_after: Only products changed at this moment (aware) or later. A change of stock does not always move
                that date, nor does the date of a variation show here: good for a quick look, no proof.
            fields: Only these fields; `id` always comes.

        Raises:
            RemoteUnavailableError: No usable answer, or the list cannot be walked.
        """
        return self._pages("products", place, (*changed_since(modified_after), *_shape(fields, as_stored=as_stored)))

    def variation_pages(self, parent_id: int, *, place: Place = START, fields: Sequence[str] = ()) -> Iterator[Page]:
        """Yields the variations of one product page by page, ascending by id; always as readers get them.

        Raises:
            WooRejectedError: Status 404: there is no such product.
            RemoteUnavailableError: No usable answer, or the list cannot be walked.
        """
        return self._pages(f"products/{parent_id}/variations", place, _shape(fields))

    def variations(self, parent_id: int, ids: Sequence[int], *, fields: Sequence[str] = ()) -> dict[int, JSONDict]:
        """Returns chosen variations of one product by id, 100 a request; always as readers get them.

        Raises:
            WooRejectedError: Status 404: there is no such product.
            RemoteUnavailableError: No usable answer.
        """
        read = self._reader(f"products/{parent_id}/variations")
        rows = (row for chosen in included(ids) for row in list_rows(read, params=(*chosen, *_shape(fields))))
        return {row["id"]: row for row in rows}

    def write_batch(self, *, create: Sequence[JSONDict] = (), update: Sequence[JSONDict] = ()) -> list[ElementResult]:
        """Makes and changes simple and variable products, 100 in one call; never variations.

        Values are absolute, so an update may be sent twice (but not later than a newer one). A create may not: after an
        unknown outcome look for its SKU with `by_sku`; the shop itself refuses a second one (`sku_taken`).

        Args:
            create: Elements as in `NewProduct`: at least `name` and `sku`.
            update: Elements as in `ProductChange`: `id` and what is to change.

        Returns:
            A result for each element, creates first, in the order given. A wrong element is not sent and does not stop the
            others.

        Raises:
            ValueError: More than 100 elements.
            OutcomeUnknownError: No clear answer; any of the elements may have been written. Take a smaller batch next.
        """
        batch = Batch(self._transport, self._host, "products")
        return batch.write(create=create, update=update, create_as=NewProduct, update_as=ProductChange)

    def write_variations(
        self, parent_id: int, *, create: Sequence[JSONDict] = (), update: Sequence[JSONDict] = ()
    ) -> list[ElementResult]:
        """Makes and changes variations of one product, 100 in one call; everything else as `write_batch`.

        Elements as in `NewVariation` (at least `sku` and `attributes`) and `VariationChange`. If the product is gone, every
        element is refused with `unknown_parent`.
        """
        batch = Batch(self._transport, self._host, f"products/{parent_id}/variations")
        try:
            return batch.write(create=create, update=update, create_as=NewVariation, update_as=VariationChange)
        except WooRejectedError as error:
            if error.status != 404:
                raise
            gone = explain(Refusal("woocommerce_rest_product_variation_invalid_parent", "There is no such product", ()))
            return [replace(gone, remote_code=error.remote_code) for _ in (*create, *update)]

    def trash(self, product_id: int) -> None:
        """Moves a product to the trash; safe to send twice: one that is there, or gone for good, is well.

        Raises:
            OutcomeUnknownError: It may have been done; send it again.
        """
        try:
            self._transport.write("DELETE", f"products/{product_id}")
        except WooRejectedError as error:
            if error.status not in (404, 410):
                raise

    def _pages(self, path: str, place: Place, params: Params) -> Iterator[Page]:
        for page in list_pages(self._reader(path), params=params, place=place):
            known, place = place.last_id, page.after
            yield replace(page, rows=[row for row in page.rows if row["id"] > known])

    def _reader(self, path: str) -> ReadPage:
        return partial(self._transport.read, path)


def _shape(fields: Sequence[str], *, as_stored: bool = False) -> Params:
    """Asks for some fields only (the walk over a list needs the id), and for the form they come in."""
    chosen = (("_fields", ",".join(dict.fromkeys(("id", *fields)))),) if fields else ()
    return (*chosen, ("context", "edit")) if as_stored else chosen


def _sku_lists(skus: list[str]) -> Iterator[str]:
    """Joins SKUs to lists that fit into an address. One with a comma is asked alone: the shop looks for the whole text too.

    Source: WooCommerce, class-wc-rest-products-controller.php, prepare_objects_query.
    """
    chosen: list[str] = []
    size = 0
    for sku in skus:
        if "," in sku:
            yield sku
            continue
        length = len(quote(sku)) + 3
        if len(chosen) == _MOST_SKUS or size + length > _MOST_SKU_BYTES:
            yield ",".join(chosen)
            chosen, size = [], 0
        chosen.append(sku)
        size += length
    if chosen:
        yield ",".join(chosen)
