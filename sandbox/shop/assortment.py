"""Makes a large catalogue at once: `POST /_control/products` with a `count`; called by `control`."""

from decimal import Decimal

from pydantic import BaseModel, ConfigDict, Field

from sandbox.shop.dispatcher import Deliver
from sandbox.shop.products import create_product
from sandbox.shop.state import Shop
from sandbox.shop.wire import fixed


class Assortment(BaseModel):
    """The products to make; SKUs are the prefix and a number of five digits. One whose SKU is there is left alone."""

    model_config = ConfigDict(extra="forbid")
    count: int = Field(ge=0, le=100_000)
    prefix: str = "BULK-"
    start: int = Field(1, ge=0)
    price: Decimal = Decimal("10.00")
    stock_quantity: int | None = None  # none: the product does not manage its stock
    status: str = "publish"
    deliver: Deliver = Deliver.NEVER


def make_products(shop: Shop, wanted: Assortment) -> int:
    """Make the products that are not there yet and tell how many they were."""
    made = 0
    for number in range(wanted.start, wanted.start + wanted.count):
        sku = f"{wanted.prefix}{number:05d}"
        if shop.product_by_sku(sku) is not None:
            continue
        stock = {} if wanted.stock_quantity is None else {"manage_stock": True, "stock_quantity": wanted.stock_quantity}
        body = {"name": f"Product {number}", "sku": sku, "status": wanted.status, **stock}
        create_product(shop, {**body, "regular_price": fixed(wanted.price)})
        made += 1
    return made
