"""Both sides of the stock of each item, with the reason where they differ. Called by `connector reconcile` and the dry run."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from decimal import Decimal

from connector.flows.context import StoreContext
from connector.flows.finding.choosing import Why
from connector.flows.pulling import Compared, Progress, Reason
from connector.flows.stock.assessing import Assessed, Wanted, assess, is_unsold
from connector.flows.stock.element import element_of
from connector.flows.stock.quantity import ZERO, shown
from connector.ledger.session import Ledger, transaction
from connector.ledger.stock_offers import StockOffer, stock_offers

PAGE = 100
NOT_THERE = (Why.ABSENT, Why.GONE, Why.TAKEN)


def compare(
    ledger: Ledger,
    store: StoreContext,
    *,
    item_numbers: Collection[str] | None = None,
    progress: Progress | None = None,
) -> Iterator[Compared]:
    """Yields one row an item: what M3 holds free, what the shop shows, what a run would write.

    Args:
        ledger: The ledger; nothing is written to it.
        store: Whose shop; nothing is yielded if its file does not publish stock.
        item_numbers: Only these; None: every item whose stock is or was to be shown, page by page.
        progress: Told how many items were looked at.

    Raises:
        RetryableError: M3, the shop or the ledger cannot be asked now.
    """
    if store.config.publish.stock is None:
        return
    count, total = 0, None if item_numbers is None else len(set(item_numbers))
    pages = _all_pages(ledger, store.name) if item_numbers is None else _chosen(ledger, store.name, item_numbers)
    for offers in pages:
        yield from _page(ledger, store, offers)
        count += len(offers)
        if progress:
            progress(count, total)


def _all_pages(ledger: Ledger, store: str) -> Iterator[list[StockOffer]]:
    after = ""
    while True:
        with transaction(ledger) as connection:
            offers = stock_offers(connection, store, item_numbers=None, after=after, most=PAGE)
        if not offers:
            return
        yield offers
        after = offers[-1].item_number


def _chosen(ledger: Ledger, store: str, item_numbers: Collection[str]) -> Iterator[list[StockOffer]]:
    """Gives the items asked for page by page, those never heard of too."""
    wanted = sorted(set(item_numbers))
    for start in range(0, len(wanted), PAGE):
        page = wanted[start : start + PAGE]
        with transaction(ledger) as connection:
            known = {
                one.item_number: one for one in stock_offers(connection, store, item_numbers=page, after="", most=PAGE)
            }
        yield [
            known.get(one) or StockOffer(one, None, None, None, is_due=False, problem=None, remedy=None) for one in page
        ]


def _page(ledger: Ledger, store: StoreContext, offers: Sequence[StockOffer]) -> Iterator[Compared]:
    wanted = [Wanted(one.item_number, one.sku, one.product_id, one.parent_id) for one in offers]
    assessment = assess(ledger, store, wanted, looks=False)
    for offer, assessed in zip(offers, assessment.items, strict=True):
        if is_unsold(store, assessed):
            continue
        yield _uncounted(store, offer, assessed) if assessed.uncounted else _compared(store, offer, assessed)


def _uncounted(store: StoreContext, offer: StockOffer, assessed: Assessed) -> Compared:
    """Compares the status of an item that M3 keeps no stock of."""
    product, status = assessed.product, assessed.uncounted
    assert product is not None and status is not None
    differs = len(element_of(store, assessed) or {}) > 1
    reason = _why_not(offer) if differs else Reason.EQUAL
    return Compared(
        item_number=offer.item_number,
        sku=_sku(assessed),
        product_id=product.id,
        field="stock_status",
        m3="not kept in stock",
        shop=f"{product.stock_quantity}" if product.has_own_stock else product.stock_status,
        reason=reason,
        due=status.value,
        wanted=status.value if differs else None,
        words=offer.problem or "",
        remedy=offer.remedy or "",
    )


def _sku(assessed: Assessed) -> str:
    return assessed.product.sku if assessed.product else assessed.wanted.known_sku or assessed.wanted.item_number


def _why_not(offer: StockOffer) -> Reason:
    return Reason.PENDING if offer.is_due else Reason.ERROR if offer.problem else Reason.DIFFERENT


def _compared(store: StoreContext, offer: StockOffer, assessed: Assessed) -> Compared:
    held = None if assessed.product is None else assessed.product.stock_quantity
    target = None if assessed.target is None else Decimal(assessed.target)
    reason = _reason(store, offer, assessed, held=held, target=target)
    problem = assessed.problem
    return Compared(
        item_number=offer.item_number,
        sku=_sku(assessed),
        product_id=assessed.product.id if assessed.product else None,
        field="stock_quantity",
        m3=None if assessed.figures is None else f"{assessed.figures.free.normalize():f}",
        shop=None if held is None else f"{held.normalize():f}",
        reason=reason,
        due=None if target is None else f"{target:f}",
        wanted=None if target is None or target == held else f"{target:f}",
        words=problem.words if problem else offer.problem or "",
        remedy=problem.remedy if problem else offer.remedy or "",
    )


def _reason(
    store: StoreContext, offer: StockOffer, assessed: Assessed, *, held: Decimal | None, target: Decimal | None
) -> Reason:
    """Says why the two sides are as they are: what the shop should show, and why that is not what M3 has free."""
    code = assessed.problem.code if assessed.problem else ""
    if code == Reason.UNKNOWN_IN_M3:
        return Reason.UNKNOWN_IN_M3
    if code in NOT_THERE:
        return Reason.UNKNOWN_IN_SHOP
    if target is None or assessed.figures is None:
        return Reason.ERROR
    if held != target:
        return _why_not(offer)
    if assessed.figures.free == target:
        return Reason.EQUAL
    return _computed(store, assessed)


def _computed(store: StoreContext, assessed: Assessed) -> Reason:
    """Says what of the formula makes the shop's figure another than what M3 has free: the first that changes it."""
    assert assessed.figures is not None
    if assessed.is_sold_out:
        return Reason.NOT_SOLD
    free, factor = assessed.figures.free, assessed.factor
    if shown(free, in_flight=ZERO, factor=factor, buffer=_buffer(store)) != assessed.target:
        return Reason.IN_FLIGHT
    if shown(free, in_flight=ZERO, factor=factor, buffer=ZERO) != assessed.target:
        return Reason.BUFFER
    return Reason.BELOW_NONE if free < 0 else Reason.PART_OF_UNIT


def _buffer(store: StoreContext) -> Decimal:
    return store.config.publish.stock.buffer if store.config.publish.stock else ZERO
