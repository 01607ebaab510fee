"""What M3 shall have booked out of stock for an order, and what the items behind its lines are. Called by issues_to_m3."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from decimal import Decimal

from connector.flows.context import Run
from connector.flows.issues.keeping import ZERO, Issue, Issued
from connector.flows.issues.require_unit import require_unit
from connector.flows.issues.rules import stated
from connector.flows.orders.items import find_facts
from connector.flows.orders.units import read_factors
from connector.flows.stock.selling import taken_units
from connector.stores.orders import OrderAction
from connector.woocommerce.models import Order


def every_line(order: Order) -> dict[str, Issued]:
    """Returns the lines of an order as if nothing were known of them."""
    return {str(line.id): Issued(line.variation_id or line.product_id, line.sku) for line in order.line_items}


def with_wanted(run: Run, issue: Issue, order: Order | None) -> Issue:
    """Returns it with what M3 shall have booked out: what the order holds of the shop's stock.

    In a status that is not carried across, nothing more goes out, and what the shop has taken back comes in again. Once the store
    file has nothing booked out any more, nothing more is wanted than was owed before, in whatever status the order was since
    (issues/unbooked.py). Of an order that the shop does not have any more it has taken nothing back.
    """
    if order is None:
        return replace(issue, wanted={line: one.units for line, one in issue.lines.items()})
    held = {str(line.id): taken_units(line) for line in order.line_items}
    new = {line: one for line, one in every_line(order).items() if held[line] > 0 and line not in issue.lines}
    lines = {**issue.lines, **new}
    is_confirmed = run.store.config.orders.action(order.status) is OrderAction.CONFIRM
    owed = held if is_confirmed and stated(run.store) is not None else issue.owed
    owed = {line: min(held.get(line, ZERO), owed.get(line, ZERO)) for line in lines}
    most = {line: max(one.units, owed[line]) if is_confirmed else one.units for line, one in lines.items()}
    return replace(
        issue, lines=lines, owed=owed, wanted={line: min(held.get(line, ZERO), most[line]) for line in lines}
    )


def with_items(run: Run, issue: Issue, order: Order, lines: Collection[str]) -> Issue:
    """Returns it with the items and units of those lines that nothing was sent for yet.

    Raises:
        MappingError: A line has no SKU, the store file does not say the unit, or M3's cannot be used.
        UnknownItemError: M3 has no such item, or does not sell it.
        RetryableError: M3 cannot be asked now.
    """
    unknown = [one for one in order.line_items if str(one.id) in lines and not issue.lines[str(one.id)].item]
    if not unknown:
        return issue
    require_unit(run.store.config)
    facts = find_facts(run, order.model_copy(update={"line_items": unknown}))
    run.journal.pause()
    factors = read_factors(run.store, {one.item_number for one in facts.values()})
    found = {
        str(line): replace(
            issue.lines[str(line)], item=one.item_number, factor=factors.get(one.item_number, Decimal(1))
        )
        for line, one in facts.items()
    }
    return replace(issue, lines={**issue.lines, **found})
