"""The `publish` part of a store file as a whole. Read by connector/stores/config.py."""

from __future__ import annotations

from connector.publishing.customers import CustomersPublishing
from connector.publishing.items import ItemsPublishing
from connector.publishing.prices import PricesPublishing
from connector.publishing.products import ProductsPublishing
from connector.publishing.stock import StockPublishing
from connector.publishing.strict import Strict
from connector.publishing.times import PublishTimes


class Publishing(Strict):
    """What a store publishes; a part left out is left alone in the shop."""

    items: ItemsPublishing | None = None
    prices: PricesPublishing | None = None
    customers: CustomersPublishing | None = None
    products: ProductsPublishing | None = None  # what is changed in the shop
    stock: StockPublishing | None = None
    times: PublishTimes = PublishTimes()
