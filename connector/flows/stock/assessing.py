"""Both sides of some items: what the shop shows and what it may show. Used by the stock flow, its dry run and `reconcile`.

The order of the readings is what keeps the shop from selling twice: docs/decisions/0010-what-the-shop-may-sell.md.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

import structlog

from connector.accounting.invoices import StockRule
from connector.errors import ConnectorError, InvalidPayloadError, LedgerUnavailableError
from connector.flows.asking import asking
from connector.flows.context import StoreContext
from connector.flows.finding.choosing import Found, NotFound, Sought, Why
from connector.flows.finding.looking import find_products
from connector.flows.stock.quantity import MOST_SHOWN, ZERO, Figures, shown
from connector.flows.stock.reading import Problem, Stock, Unit, odd, read_stock
from connector.flows.stock.selling import look_at_shop, read_waiting
from connector.ledger.cursors import now
from connector.ledger.dispatch import DueMessage
from connector.ledger.in_flight import PostedSale, close_issued, close_sales, posted_sales, units_in_flight
from connector.ledger.sales import units_sold
from connector.ledger.session import Ledger, transaction
from connector.publishing.stock import NotStocked, StockPublishing
from connector.woocommerce.product_models import ShopProduct, parse_product

MOST_POSTED = 160
"""So many orders' lines are asked for at most (two requests); more of them seldom wait for allocation."""
FIELDS = ("sku", "type", "parent_id", "status", "manage_stock", "stock_quantity", "stock_status", "backorders")

VARIABLE = "variable"

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Wanted:
    """An item to be looked at, with its product in the shop if that is known."""

    item_number: str
    known_sku: str | None = None
    product_id: int | None = None
    parent_id: int | None = None


@dataclass(frozen=True, kw_only=True)
class Assessed:
    """One item on both sides. Without a `target` its stock in the shop is left alone, and `problem` says why.

    With `uncounted` the shop shows that status and counts nothing. With `is_sold_out` none is shown whatever M3 has.
    """

    wanted: Wanted
    product: ShopProduct | None = None
    figures: Figures | None = None
    in_flight: Decimal = ZERO  # basic units
    factor: Decimal = Decimal(1)  # basic units in one of the shop
    sold: Decimal = ZERO  # units of the shop; only a difference to another reading means something
    marks: Mapping[str, str] = field(default_factory=dict)  # warehouse to its balance, as it was read
    target: int | None = None
    uncounted: NotStocked | None = None
    is_sold_out: bool = False
    problem: Problem | None = None


@dataclass
class Assessment:
    """Items on both sides, in the order asked for; M3's side holds since `read_at`."""

    read_at: datetime
    items: list[Assessed] = field(default_factory=list)
    messages: list[DueMessage] = field(default_factory=list)


def assess(ledger: Ledger, store: StoreContext, wanted: Sequence[Wanted], *, looks: bool = True) -> Assessment:
    """Reads M3, then the orders, then the shop, and says what the shop may show of each item.

    Args:
        ledger: The ledger; no transaction is open over a call.
        store: Whose shop; its file must publish stock.
        wanted: At most 100 items.
        looks: Whether the shops are asked for orders they have not announced, and what waits in the ledger is read. False
            for a dry run: nothing is written down.

    Raises:
        RetryableError: M3 or the shop cannot be asked now.
        ConfigurationError: Credentials or names are wrong.
    """
    rules = _rules(store)
    stores = [store, *store.neighbours()]
    items = [one.item_number for one in wanted]
    with transaction(ledger) as connection:
        assessment = Assessment(now(connection))
        posted = posted_sales(connection, stores=[one.name for one in stores], item_numbers=items, most=MOST_POSTED)
    stock = read_stock(
        store,
        item_numbers=items,
        warehouses=rules.warehouses or (store.config.m3.warehouse,),
        posted=posted,
        units=_units(stores, items),
        asks_for_items=rules.status.asks_for_items,
    )
    if looks:
        for one in stores:
            _look(ledger, one, assessment, is_own=one is store)
        _close(ledger, stores, stock.allocated)
    in_flight, sold = _taken(ledger, stores, stock, wanted, since=assessment.read_at)
    found = find_products(store, [_sought(one) for one in wanted], ask=asking(ledger), fields=FIELDS)
    for wish, result in zip(wanted, found, strict=True):
        flying = in_flight.get(wish.item_number, ZERO)
        assessment.items.append(_assessed(wish, _product(result), rules, stock, in_flight=flying, sold=sold))
    return assessment


def is_unsold(store: StoreContext, assessed: Assessed) -> bool:
    """Tells whether the item needs no stock here: it is the style of variations, which have the stock; or is not sold at all.

    The store, whose catalogue comes from M3, never had it: most items of M3 are in no shop. Once it has it, the items flow asks
    for its stock.
    """
    if assessed.product is not None and assessed.product.type == VARIABLE:
        return True
    is_unknown = assessed.problem is not None and assessed.problem.code in (Why.ABSENT, Why.TAKEN)
    return is_unknown and assessed.wanted.product_id is None and store.config.publish.items is not None


def _rules(store: StoreContext) -> StockPublishing:
    rules = store.config.publish.stock
    assert rules is not None, "whoever asks has looked whether stock is published"
    return rules


def _unit(store: StoreContext) -> str:
    return store.config.publish.stock.unit if store.config.publish.stock else ""


def _units(stores: Sequence[StoreContext], items: Sequence[str]) -> list[Unit]:
    return [(unit, item) for unit in sorted({_unit(one) for one in stores} - {""}) for item in items]


def _look(ledger: Ledger, store: StoreContext, assessment: Assessment, *, is_own: bool) -> None:
    """Learns what orders of a shop hold. A neighbour that cannot be asked counts with what is known of it.

    Raises:
        ConnectorError: Our own shop, or the ledger, cannot be asked.
    """
    try:
        assessment.messages += look_at_shop(ledger, store).messages
    except LedgerUnavailableError:
        raise
    except ConnectorError as error:
        if is_own:
            raise
        log.warning("neighbour_not_asked", neighbour=store.name, code=error.code)
    read_waiting(ledger, store, now=assessment.read_at)


def _close(ledger: Ledger, stores: Sequence[StoreContext], allocated: Sequence[PostedSale]) -> None:
    issuing = [one.name for one in stores if one.config.invoices and one.config.invoices.stock is StockRule.ISSUE]
    if issuing:
        with transaction(ledger) as connection:
            close_issued(connection, stores=issuing)
    by_store: dict[str, list[int]] = {}
    for one in allocated:
        by_store.setdefault(one.store, []).append(one.order_id)
    for name, orders in by_store.items():
        with transaction(ledger) as connection:
            close_sales(connection, name, order_ids=orders)


def _taken(
    ledger: Ledger, stores: Sequence[StoreContext], stock: Stock, wanted: Sequence[Wanted], *, since: datetime
) -> tuple[dict[str, Decimal], dict[int, Decimal]]:
    """Returns the basic units in flight by item, and what orders took of our own products in all."""
    units = {one.name: _unit(one) for one in stores}
    products = [one.product_id for one in wanted if one.product_id is not None]
    with transaction(ledger) as connection:
        flying = units_in_flight(
            connection, stores=list(units), item_numbers=[one.item_number for one in wanted], since=since
        )
        sold = units_sold(connection, stores[0].name, product_ids=products)
    in_flight: dict[str, Decimal] = {}
    for one in flying:
        factor = stock.factors.get((units[one.store], one.item_number), Decimal(1))
        in_flight[one.item_number] = in_flight.get(one.item_number, ZERO) + one.units * factor
    return in_flight, sold


def _sought(one: Wanted) -> Sought:
    return Sought(one.item_number, one.known_sku or one.item_number, one.product_id, one.parent_id, one.known_sku)


def _product(found: Found | NotFound) -> ShopProduct | Problem:
    if isinstance(found, NotFound):
        return Problem(found.why.value, found.words, found.remedy)
    try:
        return parse_product(found.row)
    except InvalidPayloadError as error:
        return Problem(error.code, f"SKU {found.row.get('sku')}: {error.message}", error.resolution)


def _assessed(
    wanted: Wanted,
    found: ShopProduct | Problem,
    rules: StockPublishing,
    stock: Stock,
    *,
    in_flight: Decimal,
    sold: dict[int, Decimal],
) -> Assessed:
    item = wanted.item_number
    figures = stock.figures.get(item)
    problem = stock.problems.get(item)
    product = None if isinstance(found, Problem) else found
    if isinstance(found, Problem):
        problem = problem or found
    master = stock.items.get(item)
    if product is not None and master is not None and not master.is_stocked and _is_uncounted(rules):
        return Assessed(wanted=wanted, product=product, uncounted=rules.status.not_stocked)
    if problem is not None or figures is None or product is None:
        return Assessed(wanted=wanted, product=product, figures=figures, in_flight=in_flight, problem=problem)
    factor = stock.factors.get((rules.unit, item), Decimal(1))
    is_sold_out = (
        master is not None and bool(rules.status.sold_out_from) and master.status >= rules.status.sold_out_from
    )
    target = 0 if is_sold_out else shown(figures.free, in_flight=in_flight, factor=factor, buffer=rules.buffer)
    return Assessed(
        wanted=wanted,
        product=product,
        figures=figures,
        in_flight=in_flight,
        factor=factor,
        sold=sold.get(product.id, ZERO),
        marks=stock.marks.get(item, {}),
        target=target if target <= MOST_SHOWN else None,
        is_sold_out=is_sold_out,
        problem=odd(item, figures) if target <= MOST_SHOWN else _absurd(item, target),
    )


def _is_uncounted(rules: StockPublishing) -> bool:
    return rules.status.not_stocked is not NotStocked.COUNT


def _absurd(item: str, target: int) -> Problem:
    return Problem(
        "absurd_balance",
        f"M3 offers {target} units of item {item}; no shop holds so many, so its stock was left alone.",
        f"Correct the balance of item {item} in M3 (MMS310); then ask for the item again.",
    )
