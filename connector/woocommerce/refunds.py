"""Refunds of the shop; `WooClient.refunds` is one, used by the flow and the poll of refunds.

Source: reference/woocommerce/behaviour.md sections 3 and 4, rest-recorded/order-refunds*.json, refunds-all.json.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from functools import partial

from connector.errors import WooRejectedError
from connector.woocommerce.answers import NO_ROUTE, unclear
from connector.woocommerce.canonical import JSONDict
from connector.woocommerce.instants import write_instant
from connector.woocommerce.paging import list_rows
from connector.woocommerce.transport import Transport


class Refunds:
    """The refunds of one shop."""

    def __init__(self, transport: Transport, *, host: str) -> None:
        """Shares the connection of the client; `host` is for messages."""
        self._transport = transport
        self._host = host

    def get(self, order_id: int, refund_id: int) -> JSONDict:
        """Gets one refund.

        Raises:
            WooRejectedError: Status 404: there is none, or its order is gone; `remote_code` tells which.
        """
        path = f"orders/{order_id}/refunds/{refund_id}"
        answer = self._transport.read(path)
        if isinstance(answer.data, dict) and "id" in answer.data:
            return answer.data
        raise unclear(f"GET {path}", host=self._host, is_write=False, what="the answer is JSON but no refund")

    def of_order(self, order_id: int) -> list[JSONDict]:
        """Returns all refunds of an order, ascending by id.

        Raises:
            WooRejectedError: Status 404: there is no such order.
        """
        return list(list_rows(partial(self._transport.read, f"orders/{order_id}/refunds")))

    def since(self, moment: datetime) -> Iterator[JSONDict] | None:
        """Yields the refunds of all orders made after `moment` (aware), ascending by id, each with its order (`parent_id`).

        Returns:
            None if this shop is too old to have such a list.

        Raises:
            RemoteUnavailableError: No usable answer.
        """
        params = (("after", write_instant(moment)), ("dates_are_gmt", "true"))
        rows = list_rows(partial(self._transport.read, "refunds"), params=params)
        try:
            first = next(rows, None)
        except WooRejectedError as error:
            if error.remote_code == NO_ROUTE:
                return None
            raise
        return iter(()) if first is None else _with_first(first, rows)


def _with_first(first: JSONDict, rest: Iterator[JSONDict]) -> Iterator[JSONDict]:
    yield first
    yield from rest
