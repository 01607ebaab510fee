"""Reads a refund with its order and the refunds before it from the shop. Called by refunds_to_m3 at each run.

A refund never changes in the shop: it is there, or it was deleted, which only a GET by its id proves.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, TypeVar

from connector.errors import WooRejectedError
from connector.flows import marks
from connector.flows.context import Run
from connector.flows.orders.source import UNKNOWN_ORDER
from connector.flows.refunds.noticing import ids_of
from connector.ledger import reductions, refunds
from connector.ledger.tables import DocumentState
from connector.money.refunds import Taken, take
from connector.woocommerce.models import Order, Refund, parse_order, parse_refund

NOT_FOUND = 404
NO_ORDER = (UNKNOWN_ORDER, "woocommerce_rest_invalid_order_id")
NO_REFUND = ("woocommerce_rest_shop_order_refund_invalid_id", "woocommerce_rest_invalid_order_refund_id")
"""What the shop itself says of an id it does not have; any other 404 may be a plug-in's or a proxy's.

Source: WooCommerce's refunds controller: the former of a refund it does not know, the latter of one of another order.
"""

ROUNDING = "rounding"
"""What is kept with a return that takes along cents of its order (taking_along.py)."""

T = TypeVar("T")
_KEPT = {"id", "amount", "line_items", "tax_lines", "shipping_lines", "fee_lines"}


@dataclass(frozen=True)
class Found:
    """What the shop has of a refund. Without an order there is no refund either."""

    order: Order | None
    refund: Refund | None
    earlier: tuple[Refund, ...]  # what counts before it: made earlier, or posted to M3 and deleted in the shop since
    restocked_before: dict[int, int]  # units of each line of the order that posted refunds put back on sale
    returned: dict[str, dict[int, Decimal]] = field(
        default_factory=dict
    )  # invoice -> line -> pieces posted refunds took of it
    counted: frozenset[int] = frozenset()  # the exchanges of the posted refunds that were counted
    later: tuple[
        Refund, ...
    ] = ()  # made later, and settled before this one: posted, taken off the order, or ended in M3
    credited: Decimal = Decimal(0)  # what the returns of posted refunds take back
    rounded: Decimal = Decimal(0)  # what of it is rounding that M3's order had more than the shop's

    @property
    def gives_back(self) -> bool:
        """Whether the refund takes back anything: money, or pieces that cost nothing or stay paid."""
        return self.refund is not None and bool(
            self.refund.amount or any(row.quantity for row in self.refund.line_items)
        )

    @property
    def given_back(self) -> tuple[Refund, ...]:
        """All refunds that count once this one is posted, it included."""
        return (*self.earlier, *(() if self.refund is None else (self.refund,)), *self.later)


def read(run: Run) -> Found:
    """Asks the shop. What counts as posted is what the flow of this run posted: returns, credits, or repayments.

    Raises:
        InvalidPayloadError: What it sends is no order or refund.
        RemoteUnavailableError, RateLimitedError: It cannot be asked now.
    """
    order_id, refund_id = ids_of(run.claim.business_key)
    connection, flow = run.journal.connection, run.claim.flow
    posted = refunds.posted_of_order(connection, run.store.name, order_id=order_id, flow=flow)
    others = [one for one in posted if one.exchange_id != run.claim.exchange_id]
    taken_off = reductions.of_order(connection, run.store.name, order_id=order_id).keys()
    ended = {one.refund_id for one in refunds.of_order(connection, run.store.name, order_id=order_id) if one.has_ended}
    run.journal.pause()
    shop = run.store.shop
    order = _or_none(lambda: parse_order(shop.get_order(order_id).data), NO_ORDER)
    if order is None:
        return Found(None, None, (), {})
    rows = _or_none(lambda: shop.refunds.of_order(order_id), NO_ORDER) or ()
    listed = {row.id: row for row in map(parse_refund, rows)}
    refund = listed.get(refund_id) or _or_none(
        lambda: parse_refund(shop.refunds.get(order_id, refund_id)), (*NO_ORDER, *NO_REFUND)
    )
    gone = {
        one.refund_id: one.content["refund"]
        for one in others
        if one.refund_id not in (*listed, refund_id) and "refund" in one.content
    }
    earlier = (*(one for one in listed.values() if one.id < refund_id), *map(parse_refund, gone.values()))
    settled = {one.refund_id for one in others} | taken_off | ended
    return Found(
        order,
        refund,
        earlier,
        _restocked(others),
        later=tuple(one for one in listed.values() if one.id > refund_id and one.id in settled),
        credited=sum((one.total for one in others), Decimal(0)),
        rounded=sum((Decimal(one.content.get(ROUNDING, 0)) for one in others), Decimal(0)),
        returned=_returned(others),
        counted=frozenset(one.exchange_id for one in others),
    )


def recall_before_going_on(run: Run) -> None:
    """Sees, before what an earlier run began is gone on with, whether the order's mark says that a person discarded it.

    Raises:
        RemoteUnavailableError, RateLimitedError: The shop cannot be asked now.
    """
    document = run.claim.live_document
    if document is None or document.state is DocumentState.CONFIRMED:
        return
    order_id, _ = ids_of(run.claim.business_key)
    run.journal.pause()
    marks.recall(run, _or_none(lambda: parse_order(run.store.shop.get_order(order_id).data), NO_ORDER))


def as_kept(refund: Refund) -> dict[str, Any]:
    """Returns what is kept of a refund with what was posted: it counts, also when the shop has deleted it."""
    kept: dict[str, Any] = json.loads(refund.model_dump_json(include=_KEPT).replace("\\u0000", ""))
    return kept


def take_back(run: Run, found: Found, *, decimals: int) -> Taken:
    """Returns what the refund takes back, row by row, capped at what was sold and is left.

    Raises:
        AmountsDifferError: It takes more than is left, or contradicts itself.
        MappingError: A tax rate that the order does not name.
    """
    order, refund = found.order, found.refund
    assert order is not None and refund is not None, "asked for before"
    limit = rounding_limit(run, order, decimals=decimals)
    return take(order, refund, earlier=found.earlier, decimals=decimals, limit=limit)


def rounding_limit(run: Run, order: Order, *, decimals: int) -> Decimal:
    """Returns how far rounding alone may bring figures of an order apart."""
    rows = len(order.line_items) + len(order.shipping_lines) + len(order.fee_lines)
    return run.store.config.money.limit_for(rows, decimals=decimals)


def _or_none(ask: Callable[[], T], codes: Collection[str]) -> T | None:
    try:
        return ask()
    except WooRejectedError as error:
        if error.status == NOT_FOUND and error.remote_code in codes:
            return None
        raise


def _restocked(posted: list[refunds.PostedRefund]) -> dict[int, int]:
    units: dict[int, int] = {}
    for one in posted:
        taken: dict[str, Any] = one.content.get("restocked", {})
        for line_id, pieces in taken.items():
            units[int(line_id)] = units.get(int(line_id), 0) + int(pieces)
    return units


def _returned(posted: list[refunds.PostedRefund]) -> dict[str, dict[int, Decimal]]:
    pieces: dict[str, dict[int, Decimal]] = {}
    for one in posted:
        for invoice, lines in one.content.get("returned", {}).items():
            of_invoice = pieces.setdefault(invoice, {})
            for line_id, some in lines.items():
                of_invoice[int(line_id)] = of_invoice.get(int(line_id), Decimal(0)) + Decimal(some)
    return pieces
