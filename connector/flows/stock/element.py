"""What has to be written to a product so that it shows what it should. Used by the stock flow and its comparison.

The shop makes the status of what it counts itself: more than none is `instock`; none is `outofstock`, or `onbackorder` where
back-orders are allowed. A status sent for such a product is overwritten, so only quantity and back-orders are sent.
Source: rest-recorded/stock-put-*.json, behaviour.md section 4.
"""

from __future__ import annotations

from connector.flows.context import StoreContext
from connector.flows.stock.assessing import Assessed
from connector.publishing.stock import Backorders
from connector.woocommerce.canonical import JSONDict


def element_of(store: StoreContext, assessed: Assessed) -> JSONDict | None:
    """Returns the number of the product and what differs; None where its stock is left alone.

    Args:
        store: Whose shop; its file publishes stock.
        assessed: The item on both sides.
    """
    if assessed.product is None:
        return None
    if assessed.uncounted is not None:
        return _uncounted(assessed)
    return None if assessed.target is None else _counted(store, assessed, assessed.target)


def _counted(store: StoreContext, assessed: Assessed, target: int) -> JSONDict:
    product = assessed.product
    assert product is not None
    element: JSONDict = {"id": product.id}
    if not product.has_own_stock:
        element["manage_stock"] = True
    if not product.has_own_stock or product.stock_quantity != target:
        element["stock_quantity"] = target
    wanted = backorders_of(store, assessed)
    if wanted is not Backorders.KEEP and product.backorders != wanted:
        element["backorders"] = wanted.value
    return element


def _uncounted(assessed: Assessed) -> JSONDict:
    """Says that nothing is counted; a variation whose parent counts for it is left to the parent."""
    product, status = assessed.product, assessed.uncounted
    assert product is not None and status is not None
    element: JSONDict = {"id": product.id}
    if product.has_own_stock:
        element["manage_stock"] = False
    if product.stock_status != status and product.manage_stock != "parent":
        element["stock_status"] = status.value
    return element


def backorders_of(store: StoreContext, assessed: Assessed) -> Backorders:
    """Returns whether the product is sold below none; what is sold out for good never is."""
    rules = store.config.publish.stock
    assert rules is not None
    return Backorders.NO if assessed.is_sold_out else rules.backorders
