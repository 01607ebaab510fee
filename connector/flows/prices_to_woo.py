"""Carries prices from M3's price lists to the shop: regular prices, and sale prices where a campaign list is named.

Run by workers/base.py, one exchange a store. What is due stands in the table of offers; each run reads M3 and the shop for some
items at once and writes what the shop shows otherwise, in absolute values, in batches of 100.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from connector.errors import MappingError
from connector.flows.asking import asking
from connector.flows.batches import RUN_S, UPDATE, Pace, batch_size, carry, leave, write
from connector.flows.context import Run
from connector.flows.outcome import Done
from connector.flows.prices.looking import (
    SIMPLE,
    UNITS,
    VARIABLE,
    VARIATION,
    Looked,
    Shown,
    Wanted,
    known_units,
    look,
    today_of,
)
from connector.flows.prices.pull import FLOW
from connector.flows.prices.reading import Lists, read_lists
from connector.flows.prices.troubles import Trouble, Wrong
from connector.ledger.bound_products import FORGET_PRODUCTS, REMEMBER_PRODUCTS, Product, bound
from connector.ledger.offer_pages import NEXT_CHANGE
from connector.ledger.offers import Offer, Result
from connector.ledger.trail import TrailLine
from connector.publishing.prices import PricesPublishing
from connector.woocommerce.batches import Done as Written
from connector.woocommerce.batches import ElementResult, Refused

PACE = Pace(most=200)
SHOP_CURRENCY = "shop_currency"
HAS_SCALE = "has_scale"


def run(run: Run) -> Done:
    """Writes the prices of the items that are due.

    Raises:
        MappingError: The store file names another currency than the shop sells in.
        ConnectorError: M3 or the shop cannot be asked now; what is not settled stays due.
    """
    config = run.store.config.publish.prices
    if config is None:
        return leave(run, flow=FLOW, part="prices")
    run.journal.pause()
    refuse_other_currency(run, config)
    lists = read_lists(run.store, config, today=today_of(run.store, run.claim.now))
    return carry(run, flow=FLOW, pace=PACE, work=partial(_work, run, lists))


def refuse_other_currency(run: Run, config: PricesPublishing) -> None:
    """Asks the shop once a process in which currency it sells.

    Raises:
        MappingError: In another one than the price list is in.
    """
    held = run.store.remembered
    if SHOP_CURRENCY not in held:
        settings = run.store.shop.get_system_status().get("settings") or {}
        held[SHOP_CURRENCY] = str(settings.get("currency") or "")
    if held[SHOP_CURRENCY] not in ("", config.currency):
        raise MappingError(
            f"The shop sells in {held[SHOP_CURRENCY]}, publish.prices of the store file names {config.currency}: no price "
            "was written.",
            rule="publish.prices",
            field="currency",
            resolution="Name a price list in the shop's currency in the store file, and give it to `connector store add`.",
        )


def _work(run: Run, lists: Lists, offers: list[Offer]) -> Iterable[Result]:
    by_item = {one.item_number: one for one in offers}
    ask = asking(run.journal.engine)
    looked = look(run.store, lists, [_wanted(one) for one in offers], ask=ask, now=run.claim.now)
    _bind(run, looked, known={one.item_number: one.product_id for one in offers})
    answers: dict[str, ElementResult | None] = {}
    deadline = time.monotonic() + RUN_S
    for parent, some in _batches(run, looked):
        answers |= _write(run, parent, some)
        if time.monotonic() > deadline:
            break  # what was not written stays due: a run that takes too long would be killed by a restart
    for one in looked:
        if not one.changes or answers.get(one.item_number) is not None:
            yield _result(by_item[one.item_number], one, answers.get(one.item_number), lists)


def _wanted(offer: Offer) -> Wanted:
    units = known_units(offer.written)
    return Wanted(offer.item_number, offer.sku, offer.product_id, offer.parent_id, offer.kind, units=units)


def _bind(run: Run, looked: Iterable[Looked], *, known: Mapping[str, int | None]) -> None:
    """Keeps which products items turned out to be."""
    products = [
        _product(one.item_number, one.shown)
        for one in looked
        if one.shown and one.shown.product_id != known[one.item_number]
    ]
    if products:
        rows = bound(run.store.name, products)
        run.journal.stage(FORGET_PRODUCTS, **rows)
        run.journal.stage(REMEMBER_PRODUCTS, **rows)


def _product(item: str, shown: Shown) -> Product:
    kind = shown.kind if shown.kind in (VARIABLE, VARIATION) else SIMPLE
    return Product(
        item_number=item, sku=shown.sku, product_id=shown.product_id, kind=kind, parent_id=shown.parent_id or None
    )


def _batches(run: Run, looked: Iterable[Looked]) -> Iterable[tuple[int, list[Looked]]]:
    """What has to be written, at most 100 at a time: variations under their parent, everything else under 0."""
    grouped: dict[int, list[Looked]] = {}
    for one in looked:
        if one.changes and one.shown:
            grouped.setdefault(one.shown.parent_id, []).append(one)
    for parent, some in grouped.items():
        while some:
            size = batch_size(run, flow=FLOW).elements
            yield parent, some[:size]
            some = some[size:]


def _write(run: Run, parent: int, some: Sequence[Looked]) -> dict[str, ElementResult | None]:
    """Writes one batch; returns the answer for each item, None if it was lost: then the item is due again by itself."""
    elements: list[dict[str, Any]] = [
        {"id": one.shown.product_id, **one.changes} for one in some if one.shown is not None
    ]
    products = run.store.shop.products
    told = [_told(one) for one in some]
    answers = write(
        run,
        flow=FLOW,
        name=UPDATE,
        items=[one.item_number for one in some],
        request=elements,
        told=told,
        send=lambda: (
            products.write_variations(parent, update=elements) if parent else products.write_batch(update=elements)
        ),
    )
    if answers is None:
        return {one.item_number: None for one in some}
    run.journal.tell(line for line, answer in zip(told, answers, strict=True) if isinstance(answer, Written))
    return {one.item_number: answer for one, answer in zip(some, answers, strict=True)}


def _told(one: Looked) -> TrailLine:
    before = {name: one.shown.values[name] for name in one.changes} if one.shown else {}
    return TrailLine(action="write prices", system="shop", key=one.item_number, before=before, after=one.changes)


def _result(offer: Offer, one: Looked, answer: ElementResult | None, lists: Lists) -> Result:
    """What became of an item; a problem of M3's price is told also where the rest of it was written."""
    written = _written(offer, one, lists)
    if isinstance(answer, Refused):
        return Result(
            item_number=offer.item_number,
            rev=offer.rev,
            code=answer.problem,
            problem=f"The price of item {offer.item_number} was not written. {answer.message}",
            remedy=answer.remedy,
        )
    wrong = one.decision.wrong
    ignored = answer.ignored if isinstance(answer, Written) else ()
    if wrong is None and set(ignored) & one.changes.keys():
        wrong = _dropped(one, ignored)
    return Result(
        item_number=offer.item_number,
        rev=offer.rev,
        written=written,
        code=wrong.code if wrong else None,
        problem=wrong.problem if wrong else None,
        remedy=wrong.remedy if wrong else None,
    )


def _written(offer: Offer, one: Looked, lists: Lists) -> dict[str, Any]:
    """The values the shop now shows, the day on which they change, and what need not be asked again."""
    day = one.prices.next_change(lists.today)
    kept: dict[str, Any] = {**offer.written, **one.decision.values}
    if one.prices.units:
        kept[UNITS] = [one.prices.units.basic, one.prices.units.price]
    return kept | {NEXT_CHANGE: day and day.isoformat(), HAS_SCALE: one.prices.has_scale}


def _dropped(one: Looked, ignored: Sequence[str]) -> Wrong:
    names = ", ".join(name for name in ignored if name in one.changes)
    return Wrong(
        Trouble.DROPPED,
        f"The shop took the price of item {one.item_number} but shows another value for {names}.",
        "Look at the product in the shop: a plug-in may set its prices.",
    )
