"""Batch calls of products, variations and orders; called by the api modules.

Elements of a batch are not checked against the schema: that is how the shop is, and what a client must survive.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sandbox.shop.errors import RestError
from sandbox.shop.routing import Answer, Call
from sandbox.shop.wire import JSONDict, to_int

LIMIT = 100


@dataclass(frozen=True)
class BatchActions:
    """What a batch does with one element; each returns the resource as shown."""

    create: Callable[[JSONDict], JSONDict]
    update: Callable[[int, JSONDict], JSONDict]
    delete: Callable[[int], JSONDict]


def run_batch(call: Call, actions: BatchActions) -> Answer:
    """Run create, update and delete elements in this order; a failed one leaves an error in its place.

    Raises:
        RestError: 413 above 100 elements; nothing was done.
    """
    parts: dict[str, list[Any]] = {
        name: call.body[name]
        for name in ("create", "update", "delete")
        if isinstance(call.body.get(name), list) and call.body[name]
    }
    if sum(len(part) for part in parts.values()) > LIMIT:
        message = f"Unable to accept more than {LIMIT} items for this request."
        raise RestError("woocommerce_rest_request_entity_too_large", message, status=413)
    answer: JSONDict = {}
    for element in parts.get("create", []):
        answer.setdefault("create", []).append(_attempt(0, actions.create, element))
    for element in parts.get("update", []):
        answer.setdefault("update", []).append(_update(actions, element))
    for number in parts.get("delete", []):
        answer.setdefault("delete", []).append(_attempt(number, actions.delete, to_int(number)))
    return Answer(answer or [])


def _update(actions: BatchActions, element: JSONDict) -> JSONDict:
    sent_id = element.get("id")
    return _attempt(sent_id, actions.update, to_int(sent_id or 0), element)


def _attempt(sent_id: Any, action: Callable[..., JSONDict], *arguments: Any) -> JSONDict:
    try:
        return action(*arguments)
    except RestError as error:
        return {"id": sent_id, "error": error.body()}
