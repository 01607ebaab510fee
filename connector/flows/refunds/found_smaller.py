"""An order found in M3 by a ledger that was lost, and smaller there than in the shop: refunds took it off before M3 picked it.

Called by orders_to_m3 before it adopts such an order. What each refund would have taken off is computed anew; where exactly one
choice of the refunds explains to the cent what M3 holds, that is kept in the ledger again. Nothing is written to M3.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

from connector.errors import AmountsDifferError, MappingError
from connector.flows.context import Run
from connector.flows.order_changes.reduced import is_nothing, without
from connector.flows.orders import building, proving
from connector.flows.orders.dates import currency_decimals
from connector.flows.orders.making import make_plan
from connector.flows.orders.plan import OrderPlan
from connector.flows.refunds.unpicked import Split
from connector.ledger import reductions
from connector.money.comparison import compare_with_m3
from connector.money.expected import Expected
from connector.money.refunds import take
from connector.woocommerce.models import Order, Refund, parse_refund

MOST = 6
"""Of so many refunds every choice is tried; orders with more are a person's."""

Kept = dict[int, dict[str, Any]]
"""What is taken off, by the id of the refund."""


@dataclass(frozen=True)
class FoundSmaller:
    """The order as M3 holds it; as the shop has it, with its refunds, where nobody can tell."""

    order: Order
    plan: OrderPlan
    unexplained: tuple[int, ...] = ()


def as_found(run: Run, order: Order, plan: OrderPlan, *, customer: str, number: str) -> FoundSmaller:
    """Returns the order and its plan as M3 holds them; as they were given if no choice of its refunds, or several, explain that.

    Raises:
        RetryableError: M3 or the shop cannot be asked now.
    """
    asked = FoundSmaller(order, plan)
    if not order.refunds or run.store.config.refunds is None:
        return asked
    if reductions.of_order(run.journal.connection, run.store.name, order_id=order.id):
        return asked  # the ledger knows, and the order is given without them
    cupos = building.number_plan(run, plan)
    run.journal.pause()  # the numbers are given to all lines of the shop's order, as when it was posted
    value, held = proving.read_amounts(run, number)
    if not compare_with_m3(Expected.of(plan.money, cupos=cupos), value, held):
        return asked
    differing = replace(asked, unexplained=tuple(one.id for one in order.refunds))
    if len(order.refunds) > MOST:
        return differing
    refunds = [parse_refund(row) for row in run.store.shop.refunds.of_order(order.id)]
    fitting = [
        (kept, found)
        for kept in _choices(run, order, refunds)
        if (found := _planned(run, order, kept, customer=customer)) is not None
        and not compare_with_m3(_expected(found.plan, cupos), value, held)
    ]
    if len(fitting) != 1:
        return differing
    kept, found = fitting[0]
    _keep(run, order, kept)
    return found


def _expected(plan: OrderPlan, cupos: Mapping[str, int]) -> Expected:
    """Returns what M3 holds of a plan; a line that only the smaller order has got the next number then."""
    fresh = [line.key for line in plan.money.lines if line.key not in cupos]
    last = max(cupos.values(), default=0)
    return Expected.of(plan.money, cupos={**cupos, **{key: last + place for place, key in enumerate(fresh, start=1)}})


def _choices(run: Run, order: Order, refunds: Sequence[Refund]) -> Iterator[Kept]:
    """Yields what every choice of the refunds takes off the order; none at all where a refund contradicts its order."""
    decimals = currency_decimals(run, order.currency).amounts
    rows = len(order.line_items) + len(order.shipping_lines) + len(order.fee_lines)
    limit = run.store.config.money.limit_for(rows, decimals=decimals)
    try:
        taken = [
            take(order, refund, earlier=refunds[:place], decimals=decimals, limit=limit)
            for place, refund in enumerate(refunds)
        ]
    except (AmountsDifferError, MappingError):
        return  # the refund's own exchange says so; the order is shown as it is
    for count in range(1, len(taken) + 1):
        for chosen in combinations(taken, count):
            yield {one.refund_id: Split(one, None).as_kept(decimals) for one in chosen}


def _planned(run: Run, order: Order, kept: Kept, *, customer: str) -> FoundSmaller | None:
    """Returns what is left of the order, planned; None if that is no order, or nothing."""
    try:
        left = without(order, list(kept.values()))
        return None if is_nothing(left) or not left.line_items else FoundSmaller(left, make_plan(run, left, customer))
    except (AmountsDifferError, MappingError):
        return None


def _keep(run: Run, order: Order, kept: Kept) -> None:
    for refund_id, content in kept.items():
        reductions.keep(
            run.journal.connection,
            run.store.name,
            order_id=order.id,
            refund_id=refund_id,
            exchange_id=run.claim.exchange_id,
            content=content,
        )
        run.journal.audit(
            "take off the order",
            system="ledger",
            key=f"{order.id}-{refund_id}",
            after=content,
            why="found so in M3; the ledger had lost it",
        )
