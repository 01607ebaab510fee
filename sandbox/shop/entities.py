"""What the shop holds: products, orders, refunds, customers, webhooks; made and changed by the domain modules."""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from sandbox.shop.wire import JSONDict

STATUSES = (
    "auto-draft",
    "pending",
    "processing",
    "on-hold",
    "completed",
    "cancelled",
    "refunded",
    "failed",
    "checkout-draft",
)


@dataclass
class Meta:
    """One entry of `meta_data`; the display texts are shown on order lines only."""

    id: int
    key: str
    value: Any
    display_key: str | None = None
    display_value: Any = None


@dataclass
class Product:
    """A product or, with `type` variation, a variation; `shown` holds what is only stored and shown again."""

    id: int
    name: str
    sku: str
    type: str
    regular_price: str
    sale_price: str
    tax_class: str
    manage_stock: bool | str
    stock_quantity: int | None
    created: datetime
    modified: datetime
    parent_id: int = 0
    status: str = "publish"
    old_status: str = ""
    tax_status: str = "taxable"
    backorders: str = "no"
    set_status: str = "instock"  # what counts where no stock is managed
    low_stock_amount: int | None = None
    sale_from: datetime | None = None
    sale_to: datetime | None = None
    category_ids: list[int] = field(default_factory=list)
    total_sales: int = 0
    virtual: bool = False
    downloadable: bool = False
    attributes: list[JSONDict] = field(default_factory=list)
    meta: list[Meta] = field(default_factory=list)
    shown: JSONDict = field(default_factory=dict)

    def is_on_sale(self, now: datetime) -> bool:
        """Say whether the sale price is in force."""
        has_begun = self.sale_from is None or self.sale_from <= now
        return self.sale_price != "" and has_begun and (self.sale_to is None or now < self.sale_to)

    def price(self, now: datetime) -> str:
        """Return the price in force."""
        return self.sale_price if self.is_on_sale(now) else self.regular_price


@dataclass
class LineItem:
    """One order line; amounts are net and as stored, with all their decimals."""

    id: int
    name: str
    product_id: int
    variation_id: int
    quantity: int
    tax_class: str
    subtotal: Decimal
    total: Decimal
    tax_status: str = "taxable"
    subtotal_tax: Decimal = Decimal(0)
    total_tax: Decimal = Decimal(0)
    taxes: dict[int, tuple[Decimal, Decimal]] = field(default_factory=dict)  # rate id -> (total, subtotal)
    meta: list[Meta] = field(default_factory=list)
    reduced_stock: int = 0


@dataclass
class ShippingLine:
    """One shipping line, net."""

    id: int
    method_title: str
    method_id: str
    total: Decimal
    instance_id: str = ""
    total_tax: Decimal = Decimal(0)
    taxes: dict[int, Decimal] = field(default_factory=dict)
    meta: list[Meta] = field(default_factory=list)


@dataclass
class FeeLine:
    """One fee, net; may be negative."""

    id: int
    name: str
    total: Decimal
    tax_status: str = "taxable"
    tax_class: str = ""
    total_tax: Decimal = Decimal(0)
    taxes: dict[int, Decimal] = field(default_factory=dict)
    meta: list[Meta] = field(default_factory=list)


@dataclass
class TaxLine:
    """The sum of one tax rate over an order."""

    id: int
    rate_id: int
    tax_total: Decimal = Decimal(0)
    shipping_tax_total: Decimal = Decimal(0)


@dataclass(frozen=True)
class Coupon:
    """A coupon of the shop; `product_ids` empty means every product."""

    id: int
    code: str
    kind: str  # percent, fixed_cart, fixed_product
    amount: Decimal
    product_ids: tuple[int, ...] = ()


@dataclass
class CouponLine:
    """A coupon used in an order and what it took off."""

    id: int
    coupon: Coupon
    meta_id: int
    discount: Decimal = Decimal(0)
    discount_tax: Decimal = Decimal(0)


@dataclass
class Note:
    """A note on an order."""

    id: int
    text: str
    created: datetime
    is_for_customer: bool = False
    author: str = "WooCommerce"


@dataclass
class Order:
    """An order with its lines; totals are set by `totals.calculate`."""

    id: int
    order_key: str
    created: datetime
    modified: datetime
    status: str = "pending"
    old_status: str = ""
    past_statuses: list[str] = field(default_factory=list)  # for checkers; no shop shows it
    currency: str = "EUR"
    prices_include_tax: bool = False
    customer_id: int = 0
    created_via: str = "rest-api"
    billing: dict[str, str] = field(default_factory=dict)
    shipping: dict[str, str] = field(default_factory=dict)
    payment_method: str = ""
    payment_method_title: str = ""
    transaction_id: str = ""
    customer_ip_address: str = ""
    customer_user_agent: str = ""
    customer_note: str = ""
    cart_hash: str = ""
    completed: datetime | None = None
    paid: datetime | None = None
    meta: list[Meta] = field(default_factory=list)
    lines: list[LineItem] = field(default_factory=list)
    shipping_lines: list[ShippingLine] = field(default_factory=list)
    fees: list[FeeLine] = field(default_factory=list)
    taxes: list[TaxLine] = field(default_factory=list)
    coupons: list[CouponLine] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    discount_total: Decimal = Decimal(0)
    discount_tax: Decimal = Decimal(0)
    shipping_total: Decimal = Decimal(0)
    shipping_tax: Decimal = Decimal(0)
    cart_tax: Decimal = Decimal(0)
    total_tax: Decimal = Decimal(0)
    total: Decimal = Decimal(0)


@dataclass
class Refund:
    """A refund; amounts of its lines are negative, its own amount is positive."""

    id: int
    order_id: int
    amount: Decimal
    reason: str
    created: datetime
    lines: list[LineItem] = field(default_factory=list)
    shipping_lines: list[ShippingLine] = field(default_factory=list)
    fees: list[FeeLine] = field(default_factory=list)
    taxes: list[TaxLine] = field(default_factory=list)
    meta: list[Meta] = field(default_factory=list)
    is_paid_back: bool = False  # by the gateway


@dataclass
class Customer:
    """A registered customer."""

    id: int
    email: str
    username: str
    first_name: str
    last_name: str
    created: datetime
    modified: datetime
    billing: dict[str, str] = field(default_factory=dict)
    shipping: dict[str, str] = field(default_factory=dict)
    is_paying: bool = False
    meta: list[Meta] = field(default_factory=list)


@dataclass
class Webhook:
    """A webhook; the secret, the failure count and the pending ping are never shown by REST."""

    id: int
    name: str
    topic: str
    delivery_url: str
    secret: str
    created: datetime
    modified: datetime
    status: str = "active"
    failure_count: int = 0
    is_ping_pending: bool = True
