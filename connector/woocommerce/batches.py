"""Writes up to 100 elements in one call and says of each what became of it; used by products.py and terms.py.

Callers read a list of `ElementResult`: `Done` or `Refused` in the order in which the elements were given. Only a call that
went wrong as a whole raises. Source: reference/woocommerce/behaviour.md section 4, observed on WooCommerce 9.9.5.
"""

from __future__ import annotations

import html
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any

from pydantic import ValidationError

from connector.woocommerce.answers import Refusal, refusal_of, unclear
from connector.woocommerce.canonical import JSONDict
from connector.woocommerce.checks import Written, complaints
from connector.woocommerce.transport import Transport

MOST_ELEMENTS = 100
"""Create and update together; the shop answers 413 above it and does nothing."""


class Problem(StrEnum):
    """Why an element was not written."""

    INVALID = "invalid_element"  # not sent: the shop would have taken it in another sense
    SKU_TAKEN = "sku_taken"  # another product has this SKU; letter case does not matter to the shop
    UNKNOWN_ID = "unknown_product"  # no product or variation of this number, or not under this parent
    IS_VARIATION = "is_variation"  # a variation was sent as a product: it is written under its parent
    UNKNOWN_PARENT = "unknown_parent"  # the product or attribute the elements belong to is gone
    TERM_EXISTS = "term_exists"  # a category or term of this name is there; resource_id is its number
    REFUSED = "shop_refused"  # anything else; the message is the shop's


@dataclass(frozen=True, slots=True)
class Done:
    """The element was written.

    Attributes:
        resource: What the shop shows afterwards, whole, as JSON (amounts are texts).
        ignored: Names of fields sent that the shop now shows with another value: it drops some without a word (stock of
            a product that does not manage it, a sale price above the regular one, an unknown category or tax class, what
            it takes for a tag in a name).
    """

    resource: JSONDict
    ignored: tuple[str, ...] = ()

    @property
    def id(self) -> int:
        """The shop's number of it."""
        return int(self.resource["id"])


@dataclass(frozen=True, slots=True)
class Refused:
    """The element was surely not written.

    Attributes:
        problem: Why.
        message: The same in words a person can read.
        remedy: What a person does about it.
        remote_code: The shop's own code; empty if it was not asked.
        resource_id: The product that has the SKU, or the term that exists; None if the shop does not say (it may hold a
            SKU that another request is just writing: look it up).
    """

    problem: Problem
    message: str
    remedy: str
    remote_code: str = ""
    resource_id: int | None = None


ElementResult = Done | Refused


@dataclass(frozen=True, slots=True)
class BatchSize:
    """How many elements the next call to one shop takes; the caller keeps it, one a store.

    A shop needs about 35 ms an element and more with pictures, and whatever stands before it gives up at some time. So the
    size is halved when a call got no clear answer, and grows by a tenth with each call that was answered: each step too far
    costs a time-out and the settle time, so it is felt for slowly.
    """

    elements: int = MOST_ELEMENTS

    def halved(self) -> BatchSize:
        """Returns the size after a call without a clear answer (OutcomeUnknownError)."""
        return BatchSize(max(1, self.elements // 2))

    def grown(self) -> BatchSize:
        """Returns the size after an answered call."""
        return BatchSize(min(MOST_ELEMENTS, self.elements + max(1, self.elements // 10)))


@dataclass(frozen=True, slots=True)
class Batch:
    """One kind of elements at one address of the shop, e.g. `products`."""

    transport: Transport
    host: str
    path: str

    def write(
        self,
        *,
        create: Sequence[JSONDict],
        update: Sequence[JSONDict],
        create_as: type[Written],
        update_as: type[Written],
    ) -> list[ElementResult]:
        """Checks all elements, sends the good ones in one call, and returns a result for each: creates, then updates.

        Raises:
            ValueError: More than 100 elements.
            OutcomeUnknownError: No clear answer to the call; any of its elements may have been written.
            WooRejectedError: The call as a whole was refused, nothing was written.
        """
        if len(create) + len(update) > MOST_ELEMENTS:
            raise ValueError(f"{len(create) + len(update)} elements in a batch; the shop takes {MOST_ELEMENTS}")
        creates = [_check(create_as, element) for element in create]
        updates = [_check(update_as, element) for element in update]
        content = {"create": _sendable(creates), "update": _sendable(updates)}
        content = {name: elements for name, elements in content.items() if elements}
        if not content:
            return [*_refusals(creates), *_refusals(updates)]
        answer = self.transport.write("POST", f"{self.path}/batch", content=content).data
        return [*self._merge(creates, answer, "create"), *self._merge(updates, answer, "update")]

    def _merge(self, checked: list[JSONDict | Refused], answer: Any, name: str) -> Iterator[ElementResult]:
        sent = len(_sendable(checked))
        rows = answer.get(name, []) if isinstance(answer, dict) else None
        if not isinstance(rows, list) or len(rows) != sent:
            raise self._unclear(f"it does not answer each of the {sent} elements of {name}")
        answered = iter(rows)
        for element in checked:
            yield element if isinstance(element, Refused) else self._result(element, next(answered))

    def _result(self, sent: JSONDict, row: Any) -> ElementResult:
        if isinstance(row, dict) and isinstance(row.get("error"), dict):
            return _refused(row["error"])
        if not isinstance(row, dict) or not isinstance(row.get("id"), int) or row["id"] != sent.get("id", row["id"]):
            raise self._unclear("an element of the answer is not the one that was sent")
        return Done(row, _ignored(sent, row))

    def _unclear(self, what: str) -> Exception:
        return unclear(f"POST {self.path}/batch", host=self.host, is_write=True, what=what)


def _check(model: type[Written], element: JSONDict) -> JSONDict | Refused:
    try:
        sent = model.model_validate(element).model_dump(exclude_unset=True)
    except ValidationError as error:
        return Refused(
            Problem.INVALID,
            f"Not sent to the shop: {complaints(error)}.",
            "Correct the value in M3, or the mapping or setting it comes from; it is written when it changes.",
        )
    return sent


def _sendable(checked: Sequence[JSONDict | Refused]) -> list[JSONDict]:
    return [element for element in checked if not isinstance(element, Refused)]


def _refusals(checked: Sequence[JSONDict | Refused]) -> list[ElementResult]:
    return [element for element in checked if isinstance(element, Refused)]


_PROBLEMS = {
    "product_invalid_sku": Problem.SKU_TAKEN,
    "woocommerce_rest_product_invalid_id": Problem.UNKNOWN_ID,
    "woocommerce_rest_product_variation_invalid_id": Problem.UNKNOWN_ID,
    "woocommerce_rest_invalid_product_id": Problem.IS_VARIATION,
    "woocommerce_rest_product_variation_invalid_parent": Problem.UNKNOWN_PARENT,
    "woocommerce_rest_taxonomy_invalid": Problem.UNKNOWN_PARENT,
    "woocommerce_rest_term_invalid": Problem.UNKNOWN_ID,
    "term_exists": Problem.TERM_EXISTS,
}
"""By the shop's code. The same code for an unknown id comes with status 400 in an update and 404 elsewhere."""

_REMEDIES = {
    Problem.SKU_TAKEN: "Look at the product in the shop that has this SKU: give one of the two another SKU, or delete the one "
    "that is too many. Then ask for the item again.",
    Problem.UNKNOWN_ID: "The product was deleted in the shop. Ask for the item again: it is looked up by SKU and made anew if "
    "it is not there.",
    Problem.IS_VARIATION: "Ask for the item again: it is looked up by SKU and written under its parent.",
    Problem.UNKNOWN_PARENT: "The parent product or attribute was deleted in the shop. Ask for the item again: it is made anew.",
    Problem.TERM_EXISTS: "Nothing to do: the one that is there is used.",
    Problem.REFUSED: "Read the shop's reason; correct the item in M3, the mapping or the shop, then ask for the item again.",
}


def explain(refusal: Refusal, *, resource_id: int | None = None) -> Refused:
    """Returns the result of an element for the shop's own error object."""
    problem = _PROBLEMS.get(refusal.code, Problem.REFUSED)
    named = f" [{'; '.join(refusal.parameters)}]" if refusal.parameters else ""
    other = f" (number {resource_id})" if resource_id else ""
    return Refused(
        problem,
        f"The shop refused it, {refusal.code}: {refusal.message}{named}{other}.",
        _REMEDIES[problem],
        remote_code=refusal.code,
        resource_id=resource_id,
    )


def _refused(error: JSONDict) -> Refused:
    data = error.get("data")
    other = data.get("resource_id") if isinstance(data, dict) else None
    is_id = isinstance(other, int) and not isinstance(other, bool) and other > 0
    return explain(refusal_of(error), resource_id=other if is_id else None)


_TEXTS = ("sku", "status", "catalog_visibility", "tax_status", "tax_class", "backorders", "type")
_AMOUNTS = ("regular_price", "sale_price", "weight")


def _ignored(sent: JSONDict, shown: JSONDict) -> tuple[str, ...]:
    """Names what was sent and is not shown; only fields the shop shows in the form they are sent in."""
    names = [name for name in _TEXTS if name in sent and name in shown and sent[name] != shown[name]]
    names += [name for name in _AMOUNTS if name in sent and name in shown and not _is_equal(sent[name], shown[name])]
    has_own_stock = shown.get("manage_stock", True) is True
    if "stock_quantity" in sent and (not has_own_stock or shown.get("stock_quantity", 0) is None):
        names.append("stock_quantity")  # another number is no loss: somebody bought while the shop answered
    if sent.get("manage_stock") is True and not has_own_stock:
        names.append("manage_stock")
    chosen = {one["id"] for one in sent.get("categories", ())}
    if chosen and "categories" in shown and chosen != {one.get("id") for one in shown["categories"]}:
        names.append("categories")
    if "name" in sent and "name" in shown and _read(sent["name"]) != _read(shown["name"]):
        names.append("name")
    if "attributes" in sent and "attributes" in shown and len(sent["attributes"]) != len(shown["attributes"]):
        names.append("attributes")
    return tuple(names)


def _read(name: object) -> str:
    """A name as a person reads it: the shop keeps `&` as `&amp;`, and drops what it takes for an unknown tag (`<5m>`)."""
    return " ".join(html.unescape(str(name)).split())


def _is_equal(one: str, other: object) -> bool:
    try:
        return one == other or Decimal(one) == Decimal(str(other))
    except InvalidOperation:
        return False
