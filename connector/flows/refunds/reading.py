"""Reads a refund with its order and the refunds before it from the shop. Called by refunds_to_m3 at each run.

A refund never changes in the shop: it is there, or it was deleted, which only a GET by its id proves.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from connector.errors import WooRejectedError
from connector.flows.context import Run
from connector.flows.refunds.noticing import ids_of
from connector.ledger import refunds
from connector.woocommerce.models import Order, Refund, parse_order, parse_refund

NOT_FOUND = 404

T = TypeVar("T")


@dataclass(frozen=True)
class Found:
    """What the shop has of a refund. Without an order there is no refund either."""

    order: Order | None
    refund: Refund | None
    earlier: tuple[Refund, ...]  # what counts before it: made earlier, or posted to M3 and deleted in the shop since
    restocked_before: dict[int, int]  # units of each line of the order that posted refunds put back on sale


def read(run: Run) -> Found:
    """Asks the shop.

    Raises:
        InvalidPayloadError: What it sends is no order or refund.
        RemoteUnavailableError, RateLimitedError: It cannot be asked now.
    """
    order_id, refund_id = ids_of(run.claim.business_key)
    posted = refunds.posted_of_order(run.journal.connection, run.store.name, order_id=order_id)
    others = [one for one in posted if one.exchange_id != run.claim.exchange_id]
    run.journal.pause()
    shop = run.store.shop
    order = _or_none(lambda: parse_order(shop.get_order(order_id).data))
    if order is None:
        return Found(None, None, (), {})
    listed = {row.id: row for row in map(parse_refund, _or_none(lambda: shop.refunds.of_order(order_id)) or ())}
    refund = listed.get(refund_id) or _or_none(lambda: parse_refund(shop.refunds.get(order_id, refund_id)))
    deleted = [parse_refund(one.content["refund"]) for one in others if one.refund_id not in listed]
    earlier = [*(one for one in listed.values() if one.id < refund_id), *deleted]
    return Found(order, refund, tuple(earlier), _restocked(others))


def _or_none(ask: Callable[[], T]) -> T | None:
    try:
        return ask()
    except WooRejectedError as error:
        if error.status == NOT_FOUND:
            return None
        raise


def _restocked(posted: list[refunds.PostedRefund]) -> dict[int, int]:
    units: dict[int, int] = {}
    for one in posted:
        taken: dict[str, Any] = one.content.get("restocked", {})
        for line_id, pieces in taken.items():
            units[int(line_id)] = units.get(int(line_id), 0) + int(pieces)
    return units
