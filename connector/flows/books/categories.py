"""Which categories the products of some orders are filed under, also through the categories above. Called by invoice_lines.py.

The shop is asked for the products (those in its trash, too) and once for all its categories, and only where a rule is by category.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from connector.accounting.invoices import InvoicesConfig
from connector.woocommerce.client import WooClient
from connector.woocommerce.models import Order
from connector.woocommerce.terms import Term

Filed = Mapping[str, int]
"""Slugs of categories: 0 for those a product is filed under, 1 for their parents, and so on upwards."""


def read_categories(shop: WooClient, orders: Iterable[Order], config: InvoicesConfig) -> dict[int, Filed]:
    """Returns where each product of some orders is filed, if a rule asks for it; a product the shop does not have is left out.

    Raises:
        RemoteUnavailableError: The shop gave no usable answer.
    """
    if not config.is_by_category:
        return {}
    ids = sorted({line.product_id for order in orders for line in order.line_items if line.product_id})
    if not ids:
        return {}
    rows = shop.products.by_id(ids, fields=("categories",))
    gone = [product for product in ids if product not in rows]
    rows |= shop.products.by_id(gone, fields=("categories",), is_trashed=True) if gone else {}
    terms = {one.id: one for one in shop.terms.categories()} if rows else {}
    return {product: filed_under(_categories_of(row), terms) for product, row in rows.items()}


def filed_under(categories: Mapping[int, str], terms: Mapping[int, Term]) -> Filed:
    """Returns the categories with all above them; of several ways to one the shortest counts.

    Args:
        categories: Those a product is filed under: id -> slug.
        terms: All categories of the shop by id.
    """
    filed = dict.fromkeys(categories.values(), 0)
    for category in categories:
        above, steps = terms.get(category), 0
        while (
            above is not None and above.parent and steps < len(terms)
        ):  # no longer than all of them: no ring is walked for ever
            above, steps = terms.get(above.parent), steps + 1
            if above is not None:
                filed[above.slug] = min(steps, filed.get(above.slug, steps))
    return filed


def _categories_of(row: Mapping[str, Any]) -> dict[int, str]:
    return {int(one["id"]): str(one.get("slug")) for one in row.get("categories") or ()}
