"""Which requests a store makes to its shop, and what for: what the REST key must be allowed. Used by checks/permissions.py.

WooCommerce gives a key one of three rights (read, write, both) and lets it do what its user may; there is nothing finer. So what
is told is the right, the requests, and the user who may make them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from connector.cli.checks.used_operations import Site


@dataclass(frozen=True)
class ShopUse:
    """What some requests are for (method and path below /wp-json/wc/v3/), and whether a store makes them."""

    what: str
    requests: tuple[str, ...]
    is_on: Callable[[Site], bool]


def _always(_: Site) -> bool:
    return True


def _shows_products(site: Site) -> bool:
    publish = site.config.publish
    return any(one is not None for one in (publish.items, publish.prices, publish.stock))


SHOP_USES = (
    ShopUse("connector check", ("GET system_status",), _always),
    ShopUse("webhooks", ("GET webhooks", "POST webhooks", "PUT webhooks/<id>"), _always),
    ShopUse("orders", ("GET orders", "GET orders/<id>"), _always),
    ShopUse("refunds", ("GET refunds", "GET orders/<id>/refunds", "GET orders/<id>/refunds/<id>"), _always),
    ShopUse(
        "order number, status, tracking",
        ("PUT orders/<id>", "GET orders/<id>/notes", "POST orders/<id>/notes", "DELETE orders/<id>/notes/<id>"),
        lambda site: site.orders,
    ),
    ShopUse("what was discarded", ("PUT orders/<id>",), _always),
    ShopUse(
        "accounts",
        ("GET customers", "GET customers/<id>"),
        lambda site: site.config.customers.accounts is not None,
    ),
    ShopUse(
        "customers of M3",
        ("GET customers", "GET customers/<id>", "POST customers/batch"),
        lambda site: site.config.publish.customers is not None,
    ),
    ShopUse(
        "categories of what was sold",
        ("GET products", "GET products/categories"),
        lambda site: site.config.invoices is not None and site.config.invoices.is_by_category,
    ),
    ShopUse(
        "products: looking and writing",
        ("GET products", "GET products/<id>/variations", "POST products/batch", "POST products/<id>/variations/batch"),
        _shows_products,
    ),
    ShopUse(
        "catalogue: categories and attributes",
        (
            *("GET products/<id>", "GET products/categories", "POST products/categories/batch"),
            "GET products/attributes",
        ),
        lambda site: site.config.publish.items is not None,
    ),
    ShopUse(
        "catalogue: removing products",
        ("DELETE products/<id>",),
        lambda site: site.config.publish.items is not None and site.config.publish.items.removed == "trash",
    ),
    ShopUse(
        "connector check of prices",
        ("GET settings/tax/woocommerce_prices_include_tax",),
        lambda site: site.config.publish.prices is not None,
    ),
    ShopUse(
        "changes of products",
        ("GET products", "GET products/<id>", "GET products/<id>/variations"),
        lambda site: site.config.publish.products is not None,
    ),
)


def shop_requests(site: Site) -> dict[str, tuple[str, ...]]:
    """Returns the requests a store makes, in alphabetical order of their paths, with what for."""
    found: dict[str, list[str]] = {}
    for use in SHOP_USES:
        for request in use.requests if use.is_on(site) else ():
            found.setdefault(request, []).append(use.what)
    return {one: tuple(found[one]) for one in sorted(found, key=lambda one: one.partition(" ")[::-1])}
