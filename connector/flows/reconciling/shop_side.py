"""What the shop says of orders and refunds: read in pages of a hundred, kept small. Called by compare.py.

Whatever was made, paid or refunded in a period has changed since its beginning, so one listing by change holds all of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from connector.errors import InvalidPayloadError
from connector.flows.context import StoreContext
from connector.flows.orders.adopting import ORDER_NUMBER_META
from connector.flows.orders.values import reference_of
from connector.flows.reconciling.period import Period
from connector.flows.refunds.plan import reference_of as return_reference_of
from connector.money.rounding import ZERO
from connector.stores.orders import OrderAction
from connector.woocommerce.canonical import JSONDict
from connector.woocommerce.models import Order, Refund, parse_order, parse_refund

_SECOND = timedelta(seconds=1)  # the shop's bounds are exclusive and know whole seconds only

Told = Callable[[int], None]
"""Is told how many orders were read."""


@dataclass(frozen=True, slots=True)
class ShopLine:
    """A product line: net after discount."""

    id: int
    sku: str
    quantity: Decimal
    amount: Decimal

    @property
    def name(self) -> str:
        """The line as people find it."""
        return self.sku or f"{self.id} (without SKU)"


@dataclass(frozen=True, slots=True)
class ShopOrder:
    """An order as the shop states it. `currency` is M3's code of it."""

    id: int
    number: str
    status: str
    action: OrderAction
    reference: str  # YREF
    day: date
    currency: str
    total: Decimal
    tax: Decimal
    shipping: Decimal
    fees: Decimal
    lines: tuple[ShopLine, ...]
    taxed_rows: int
    refund_ids: tuple[int, ...]
    m3_number: str  # as the shop shows it; empty: it was not told yet


@dataclass(frozen=True, slots=True)
class ShopRefund:
    """A refund; amounts and quantities are positive."""

    id: int
    order_id: int
    reference: str  # YREF of its return, of the first if there are more; empty: M3 cannot have one
    day: date
    amount: Decimal
    tax: Decimal
    shipping: Decimal
    fees: Decimal
    lines: tuple[ShopLine, ...]  # `id` and `sku` of the line of the order

    @property
    def gives_back(self) -> bool:
        """Whether anything comes back: money, or pieces that cost nothing or stay paid."""
        return bool(self.amount) or any(line.quantity for line in self.lines)


@dataclass(frozen=True, slots=True)
class Unreadable:
    """An order that the shop sends in a form nobody can use; one of them stops no comparison."""

    id: int
    words: str
    remedy: str


def read_changed(store: StoreContext, period: Period, *, told: Told | None = None) -> Iterator[Order | Unreadable]:
    """Yields the orders changed since the period began, trashed ones too, each once.

    Raises:
        RemoteUnavailableError, RateLimitedError: The shop cannot be asked now.
    """
    seen: set[int] = set()
    for row in store.shop.list_orders(modified_after=period.begins_at):
        if row["id"] not in seen:
            seen.add(row["id"])
            yield _read(row)
        if told:
            told(len(seen))


def _read(row: JSONDict) -> Order | Unreadable:
    try:
        return parse_order(row)
    except InvalidPayloadError as error:
        return Unreadable(row["id"], error.message, error.resolution)


def read_by_id(store: StoreContext, order_ids: Sequence[int]) -> dict[int, Order]:
    """Returns the orders with these ids that the shop has and that can be read, a hundred a request."""
    if not order_ids:
        return {}
    orders = (_read(row) for row in store.shop.list_orders(include=sorted(set(order_ids))))
    return {order.id: order for order in orders if isinstance(order, Order)}


def read_refunds(store: StoreContext, period: Period, orders: Sequence[Order]) -> list[Refund]:
    """Returns the refunds made since the period began.

    Args:
        store: Whose.
        period: The period.
        orders: The orders with refunds among those changed since; asked one by one where the shop is too old to list all refunds.
    """
    rows = store.shop.refunds.since(period.begins_at - _SECOND)
    refunds = (
        [refund for order in orders for refund in refunds_of(store, order.id)]
        if rows is None
        else [parse_refund(row) for row in rows]
    )
    return [one for one in refunds if one.date_created_gmt is None or one.date_created_gmt >= period.begins_at]


def find_refunds(store: StoreContext, made_at: Mapping[int, datetime]) -> dict[int, Refund]:
    """Returns those of some refunds that the shop has, by id.

    Args:
        store: Whose.
        made_at: When each was made, by id. A shop too old to list all refunds finds none.
    """
    rows = store.shop.refunds.since(min(made_at.values()) - _SECOND) if made_at else None
    found: dict[int, Refund] = {}
    for row in rows or ():
        if row["id"] > max(made_at):
            break
        if row["id"] in made_at:
            found[row["id"]] = parse_refund(row)
    return found


def refunds_of(store: StoreContext, order_id: int) -> list[Refund]:
    """Returns all refunds of an order, oldest first."""
    return [parse_refund({**row, "parent_id": order_id}) for row in store.shop.refunds.of_order(order_id)]


def small_order(store: StoreContext, order: Order, period: Period) -> ShopOrder:
    """Returns what is compared of an order.

    Raises:
        MappingError: Its reference does not fit M3.
    """
    return ShopOrder(
        id=order.id,
        number=order.number,
        status=order.status,
        action=store.config.orders.action(order.status),
        reference=reference_of(store.name, order),
        day=period.day_of(order.created_at),
        currency=m3_currency(store, order.currency),
        total=order.total,
        tax=order.total_tax,
        shipping=sum((one.total for one in order.shipping_lines), ZERO),
        fees=sum((one.total for one in order.fee_lines), ZERO),
        lines=tuple(ShopLine(one.id, one.sku.strip(), one.quantity, one.total) for one in order.line_items),
        taxed_rows=len(order.line_items) + len(order.shipping_lines) + len(order.fee_lines),
        refund_ids=tuple(one.id for one in order.refunds),
        m3_number=str(order.meta(ORDER_NUMBER_META) or ""),
    )


def m3_currency(store: StoreContext, currency: str) -> str:
    """Returns M3's code of a currency of the shop."""
    return store.config.lookups.get("currency", {}).get(currency, currency)


def small_refund(store: StoreContext, refund: Refund, period: Period) -> ShopRefund:
    """Returns what is compared of a refund; one without a date counts for the last day.

    Raises:
        MappingError: Its reference does not fit M3.
    """
    return ShopRefund(
        id=refund.id,
        order_id=refund.parent_id,
        reference="" if refund.date_created_gmt is None else return_reference_of(store.name, refund),
        day=period.last if refund.date_created_gmt is None else period.day_of(refund.date_created_gmt),
        amount=refund.amount,
        tax=-(
            sum((row.total_tax for row in refund.line_items), ZERO)
            + sum((row.total_tax for row in refund.shipping_lines), ZERO)
            + sum((row.total_tax for row in refund.fee_lines), ZERO)
        ),
        shipping=-sum((row.total for row in refund.shipping_lines), ZERO),
        fees=-sum((row.total for row in refund.fee_lines), ZERO),
        lines=tuple(
            ShopLine(one.refunded_item_id or 0, one.sku.strip(), -one.quantity, -one.total) for one in refund.line_items
        ),
    )
