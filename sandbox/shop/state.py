"""The state of the shop and its unit of work; one object per process, shared by all requests and the dispatcher."""

import random
import string
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from sandbox.shop.catalogue import load_catalogue, load_coupons, load_customers
from sandbox.shop.entities import Coupon, Customer, Order, Product, Refund, Webhook
from sandbox.shop.shelf import Shelf
from sandbox.shop.terms import Attribute, Term, first_attributes, first_terms
from sandbox.shop.wire import JSONDict

PRODUCT_KIND, ORDER_KIND, CUSTOMER_KIND = "product", "order", "customer"


@dataclass
class Settings:
    """What `POST /_control/settings` may change."""

    allow_basic_over_http: bool = False
    trust_forwarded_proto: bool = True
    round_at_subtotal: bool = False
    prices_include_tax: bool = False
    orders_move_product_dates: bool = True
    dispatch: str = "auto"
    dispatch_delay_s: float = 0.1
    late_s: float = 5.0
    delivery_timeout_s: float = 60.0
    refused_of_accounts: list[str] = field(default_factory=list)  # a plug-in refuses them: billing.phone, meta.<key>
    home_url: str = ""


@dataclass
class Counters:
    """The number series of WordPress: posts (products, orders, refunds share one), items, metas, notes, users,
    webhooks, terms, attributes."""

    post: int = 0
    item: int = 0
    item_meta: int = 0
    meta: int = 0
    note: int = 0
    user: int = 0
    webhook: int = 0
    term: int = 0
    attribute: int = 0


@dataclass
class Tally:
    """How many deliveries went which way, and how often each address was asked, for `/_book`."""

    sent: int = 0
    failed: int = 0
    suppressed: int = 0
    by_topic: dict[str, int] = field(default_factory=dict)
    calls: Counter[str] = field(default_factory=Counter)


class Shop:
    """Holds everything the shop knows. Read and change it only under `lock`."""

    def __init__(self, *, seed: int, clock: Callable[[], datetime]) -> None:
        self.lock = threading.RLock()
        self.own_clock = clock
        self.clock = clock
        self.settings = Settings()
        self.reset(seed)

    def reset(self, seed: int) -> None:
        """Put the shop back to its first day: catalogue and three customers, no orders, no webhooks."""
        home_url = self.settings.home_url
        self.rng = random.Random(seed)
        self.settings = Settings(home_url=home_url)
        self.counters = Counters()
        self.tally = Tally()
        now = self.clock()
        self.products = Shelf(load_catalogue(now))
        self.terms: dict[str, dict[int, Term]] = first_terms()  # by taxonomy
        self.attributes: dict[int, Attribute] = first_attributes()
        self.images: dict[int, JSONDict] = {}
        self.coupons: dict[str, Coupon] = {c.code.lower(): c for c in load_coupons()}
        self.customers: dict[int, Customer] = {c.id: c for c in load_customers(now)}
        self.orders: dict[int, Order] = {}
        self.refunds: dict[int, Refund] = {}
        self.webhooks: dict[int, Webhook] = {}
        self.events: dict[tuple[str, int], None] = {}
        self.writes: list[JSONDict] = []  # each request that took effect, for checkers
        self.gone: list[Order] = []  # orders that were deleted for good or lost with a backup; for checkers
        self.counters.post = max(self.products)
        self.counters.user = max(self.customers)
        self.counters.meta = self.counters.item_meta = 400
        self.counters.term = max(number for terms in self.terms.values() for number in terms)
        self.counters.attribute = max(self.attributes)

    def next(self, series: str) -> int:
        """Draw the next number of a series of `Counters`."""
        value: int = getattr(self.counters, series) + 1
        setattr(self.counters, series, value)
        return value

    def emit(self, topic: str, resource_id: int) -> None:
        """Note that something happened; the deliveries are queued when the request ends."""
        self.events.setdefault((topic, resource_id))

    def take_events(self) -> list[tuple[str, int]]:
        """Hand over and forget the events of the request that ends."""
        events, self.events = self.events, {}
        return list(events)

    def random_text(self, length: int) -> str:
        """Draw letters and digits, as order keys and made-up secrets have them."""
        return "".join(self.rng.choices(string.ascii_letters + string.digits, k=length))

    def product_by_sku(self, sku: str) -> Product | None:
        """Find a product or variation by SKU; letter case does not matter, the trash is left out."""
        return next((p for p in self.products.with_sku(sku) if p.status != "trash"), None)

    def variations(self, parent_id: int) -> list[Product]:
        """List the variations of a product, by id."""
        return self.products.children(parent_id)
