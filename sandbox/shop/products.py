"""Creates and changes products, prices and stock; called by `api_products`, `order_status`, `refunds`, `control`."""

from sandbox.shop.entities import Product
from sandbox.shop.errors import RestError
from sandbox.shop.product_changes import apply_changes
from sandbox.shop.product_json import stock_owner
from sandbox.shop.state import Shop
from sandbox.shop.vocabulary import DEFAULT_CATEGORY
from sandbox.shop.wire import JSONDict


def create_product(
    shop: Shop, body: JSONDict, *, parent: Product | None = None, may_share_sku: bool = False
) -> Product:
    """Make a product, or a variation of `parent`.

    Args:
        may_share_sku: whether its SKU may be there already, as imports and plug-ins bring it about.

    Raises:
        RestError: 400 `product_invalid_sku`, or a picture that is none.
    """
    if not may_share_sku:
        check_sku(shop, body, own_id=0)
    now = shop.clock()
    product = Product(
        id=0,
        name="",
        sku="",
        type="variation" if parent else str(body.get("type", "simple")),
        regular_price="",
        sale_price="",
        tax_class=parent.tax_class if parent else "",
        manage_stock=False,
        stock_quantity=None,
        created=now,
        modified=now,
        parent_id=parent.id if parent else 0,
        category_ids=[] if parent else [DEFAULT_CATEGORY],
    )
    apply_changes(shop, product, body)
    product.id = shop.next("post")
    if parent:
        product.name = f"{parent.name} - {', '.join(a['option'] for a in product.attributes)}"
        parent.modified = now
    shop.products[product.id] = product
    shop.emit("product.created", product.id)
    return product


def update_product(shop: Shop, product: Product, body: JSONDict) -> None:
    """Change a product or variation; also without any change its date moves and `product.updated` is due.

    Raises:
        RestError: 400 `product_invalid_sku`.
    """
    check_sku(shop, body, own_id=product.id)
    if product.status == "trash" and body.get("status", "trash") != "trash":
        product.old_status = ""
    apply_changes(shop, product, body)
    touch(shop, product)


def touch(shop: Shop, product: Product, *, moves_date: bool = True) -> None:
    """Move the date of a changed product (and of the parent of a variation) and note the event.

    Args:
        moves_date: false plays the releases in which a change of stock leaves the date alone (woocommerce #40060).
    """
    if moves_date:
        product.modified = shop.clock()
        parent = shop.products.get(product.parent_id)
        if parent:
            parent.modified = product.modified
    shop.emit("product.updated", product.id)


def trash_product(shop: Shop, product: Product) -> None:
    """Put a product into the trash.

    Raises:
        RestError: 410 if it is there already.
    """
    if product.status == "trash":
        message = "The product has already been deleted."
        raise RestError("woocommerce_rest_already_trashed", message, status=410)
    product.old_status, product.status = product.status, "trash"
    product.modified = shop.clock()
    shop.emit("product.deleted", product.id)


def check_sku(shop: Shop, body: JSONDict, *, own_id: int) -> None:
    """Refuse a SKU that another product has.

    Raises:
        RestError: 400 `product_invalid_sku` with the other product and a free SKU.
    """
    sku = str(body.get("sku") or "")
    other = shop.product_by_sku(sku)
    if other is None or other.id == own_id:
        return
    free = next(f"{sku}-{n}" for n in range(1, 10_000) if shop.product_by_sku(f"{sku}-{n}") is None)
    raise RestError("product_invalid_sku", "Invalid or duplicated SKU.", resource_id=other.id, unique_sku=free)


def move_stock(shop: Shop, product: Product, by: int) -> tuple[int, int] | None:
    """Raise or lower managed stock because of an order; returns before and after, None if it is not managed."""
    owner = stock_owner(shop, product)
    if owner.manage_stock is not True:
        return None
    before = owner.stock_quantity or 0
    owner.stock_quantity = before + by
    touch(shop, owner, moves_date=shop.settings.orders_move_product_dates)
    return before, owner.stock_quantity
