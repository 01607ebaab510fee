"""Shows in the shop what M3 can still give: the formula of money-and-stock section 11. Run by workers/base.py.

Reads downwards: what is due is gathered, both sides are read, what differs is written in batches, each item is settled with what
became of it. Quantities are absolute and computed anew each time; one that could not be written is never sent again.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from connector.flows.batches import UPDATE, Pace, batch_size, carry, write
from connector.flows.batches import leave as leave_all
from connector.flows.context import Run
from connector.flows.outcome import Done
from connector.flows.stock.assessing import VARIABLE, Assessed, Wanted, assess, is_unsold
from connector.flows.stock.correcting import (
    PENDING,
    WAITS_FOR,
    Correction,
    find_correction,
    is_pending,
    is_unexplained,
    leave,
    waits_for_s,
)
from connector.flows.stock.element import element_of
from connector.flows.stock.reading import Problem
from connector.ledger.bound_products import FORGET_PRODUCTS, REMEMBER_PRODUCTS, Product, bound
from connector.ledger.offers import Offer, Result
from connector.ledger.stock_offers import FORGET_BASELINES, MARKS
from connector.ledger.trail import TrailLine
from connector.publishing.stock import ByHand
from connector.woocommerce.batches import Done as Written
from connector.woocommerce.batches import ElementResult
from connector.woocommerce.canonical import JSONDict
from connector.woocommerce.product_models import ShopProduct

FLOW = "stock_to_woo"
PACE = Pace(most=100, quiet_s=0.3, longest_s=1.0)
FEW, WRITE_FEW = 50, 10
"""So few changes are written ten at a time: the first of them need not wait for the last, at 35 ms an element."""
CLOCK_BACK_S = 60.0
FRESH_S = 2.0
"""So long figures are written after they were read; older ones would undo what was sold meanwhile."""
SECOND_LOOK_S = 1.0
SECOND_LOOKS = 2
"""Stock that nobody accounts for is looked at so often again: an order may be there before its news."""
MANAGED = ("simple", VARIABLE, "variation")


@dataclass(frozen=True)
class Change:
    """An item whose stock is to be written."""

    offer: Offer
    assessed: Assessed
    product: ShopProduct
    element: JSONDict


def run(run: Run) -> Done:
    """Carries the stock of all items that are due.

    Raises:
        RetryableError: M3, the shop or the ledger cannot be asked now; what is due stays due.
        ConfigurationError: Credentials or names are wrong.
    """
    if run.store.config.publish.stock is None:
        return leave_all(run, flow=FLOW, part="stock")
    return carry(run, flow=FLOW, pace=PACE, work=partial(_work, run))


def _work(run: Run, offers: list[Offer]) -> Iterator[Result]:
    wanted = [Wanted(one.item_number, one.sku, one.product_id, one.parent_id) for one in offers]
    assessment = assess(run.journal.engine, run.store, wanted)
    run.messages.extend(assessment.messages)
    changes: list[Change] = []
    learnt: list[Product] = []
    for offer, assessed in zip(offers, assessment.items, strict=True):
        if offer.read_at is not None and offer.read_at > assessment.read_at:
            # The ledger's clock went back: what is newer stays until it has caught up.
            yield Result(item_number=offer.item_number, rev=offer.rev, retry_s=CLOCK_BACK_S)
            continue
        learnt += _learnt(offer, assessed)
        outcome = _decide(run, offer, assessed, read_at=assessment.read_at)
        if isinstance(outcome, Result):
            yield outcome
        else:
            changes.append(outcome)
    if learnt:
        run.journal.stage(FORGET_PRODUCTS, **bound(run.store.name, learnt))
        run.journal.stage(REMEMBER_PRODUCTS, **bound(run.store.name, learnt))
    deadline = time.monotonic() + FRESH_S
    for parent, some in _in_batches(run, changes):
        yield from _write(run, parent, some, read_at=assessment.read_at)
        if time.monotonic() > deadline:
            break  # what was not written stays due, and is read anew


def _learnt(offer: Offer, assessed: Assessed) -> list[Product]:
    """Returns the product found for an item, if it is not the one that was known."""
    product = assessed.product
    if product is None or product.id == offer.product_id or product.type not in MANAGED:
        return []
    parent = product.parent_id if product.is_variation else None
    return [
        Product(
            item_number=offer.item_number,
            sku=product.sku,
            product_id=product.id,
            kind=product.type,
            parent_id=parent,
        )
    ]


def _decide(run: Run, offer: Offer, assessed: Assessed, *, read_at: datetime) -> Result | Change:
    """Says what becomes of an item: nothing, a write, another look, or words for a person."""
    product = assessed.product
    if is_unsold(run.store, assessed):
        return Result(item_number=offer.item_number, rev=offer.rev)
    element = element_of(run.store, assessed)
    if product is None or element is None:
        return _result(offer, problem=assessed.problem)
    waits_s = waits_for_s(run, offer, now=read_at) if is_pending(offer) else 0.0
    if waits_s > 0:
        return Result(item_number=offer.item_number, rev=offer.rev, retry_s=waits_s)
    if len(element) == 1:
        return _result(offer, shows=assessed, read_at=read_at, problem=assessed.problem)
    if is_pending(offer) or assessed.uncounted is not None:
        return Change(offer, assessed, product, element)
    if is_unexplained(offer, assessed) and offer.tries < SECOND_LOOKS:
        return Result(item_number=offer.item_number, rev=offer.rev, retry_s=SECOND_LOOK_S)
    correction = find_correction(offer, assessed, at=read_at)
    return (_correct(run, offer, correction) if correction else None) or Change(offer, assessed, product, element)


def _correct(run: Run, offer: Offer, correction: Correction) -> Result | None:
    """Leaves a correction made by hand to its own flow; the shop keeps it only while it is on its way to M3."""
    rules = run.store.config.publish.stock
    assert rules is not None
    if rules.corrections.by_hand is not ByHand.OVERWRITE:
        leave(run, correction)
    if rules.corrections.by_hand in (ByHand.REPORT, ByHand.OVERWRITE):
        return None
    pending = {**offer.written, PENDING: correction.found_at}
    return Result(item_number=offer.item_number, rev=offer.rev, written=pending, retry_s=WAITS_FOR.total_seconds())


def _result(
    offer: Offer, *, problem: Problem | None, shows: Assessed | None = None, read_at: datetime | None = None
) -> Result:
    """Returns what became of an item; `shows`: the shop is known to show its target."""
    return Result(
        item_number=offer.item_number,
        rev=offer.rev,
        written=_written(shows) if shows else None,
        read_at=read_at,
        code=problem.code if problem else None,
        problem=problem.words if problem else None,
        remedy=problem.remedy if problem else None,
        retry_s=problem.retry_s if problem else None,
    )


def _written(shows: Assessed) -> JSONDict:
    if shows.uncounted is not None:
        return {"status": shows.uncounted.value}
    return {"quantity": shows.target, "sold": f"{shows.sold:f}", MARKS: dict(shows.marks)}


def _in_batches(run: Run, changes: Sequence[Change]) -> Iterator[tuple[int | None, list[Change]]]:
    """Groups changes as the shop takes them: products together, variations under their parent."""
    by_parent: dict[int | None, list[Change]] = {}
    for one in changes:
        parent = one.product.parent_id if one.product.is_variation else None
        by_parent.setdefault(parent, []).append(one)
    for parent, some in by_parent.items():
        while some:
            size = batch_size(run, flow=FLOW).elements
            size = min(size, WRITE_FEW) if len(changes) <= FEW else size
            yield parent, some[:size]
            some = some[size:]


def _write(run: Run, parent: int | None, changes: list[Change], *, read_at: datetime) -> Iterator[Result]:
    """Writes some items; yields nothing for them if the answer was lost: they are compared again once it can arrive no more."""
    elements = [one.element for one in changes]
    items = [one.offer.item_number for one in changes]
    products = run.store.shop.products
    baselines = {"store": run.store.name, "items": json.dumps(items)}
    run.journal.stage(FORGET_BASELINES, **baselines)

    def send() -> list[ElementResult]:
        return (
            products.write_batch(update=elements)
            if parent is None
            else products.write_variations(parent, update=elements)
        )

    told = [_told(one, read_at=read_at) for one in changes]
    answers = write(
        run,
        flow=FLOW,
        name=UPDATE,
        items=items,
        request=elements,
        told=told,
        send=send,
        if_late=[(FORGET_BASELINES, baselines)],
    )
    if answers is None:
        return
    run.journal.tell(line for line, answer in zip(told, answers, strict=True) if isinstance(answer, Written))
    for one, answer in zip(changes, answers, strict=True):
        yield _result_of_write(one, answer, read_at=read_at)


def _told(change: Change, *, read_at: datetime) -> TrailLine:
    return TrailLine(
        action="write stock",
        system="shop",
        key=change.offer.item_number,
        before={"stock": str(change.product.stock_quantity)},
        after=change.element,
        why=f"M3 read at {read_at.isoformat()}",
    )


def _result_of_write(change: Change, answer: ElementResult, *, read_at: datetime) -> Result:
    offer = change.offer
    if not isinstance(answer, Written):
        return _result(offer, problem=Problem(answer.problem, answer.message, answer.remedy))
    if "stock_quantity" in answer.ignored or "manage_stock" in answer.ignored:
        return _result(
            offer,
            problem=Problem(
                "stock_ignored",
                f"The shop did not take the stock of SKU {change.product.sku} (product {change.product.id}).",
                "Switch on stock management (WooCommerce, Settings, Products, Inventory) or look which plug-in keeps it.",
            ),
        )
    return _result(offer, shows=change.assessed, read_at=read_at, problem=change.assessed.problem)
