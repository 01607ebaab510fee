"""Creates and changes products, prices and stock; called by `api_products`, `order_status`, `refunds`, `control`."""

from typing import Any

from sandbox.shop.entities import Product
from sandbox.shop.errors import RestError
from sandbox.shop.metadata import write_meta
from sandbox.shop.product_json import stock_owner
from sandbox.shop.state import Shop
from sandbox.shop.wire import JSONDict, clean_decimal, html_name, to_decimal, to_int

_SHOWN = ("slug", "description", "short_description", "weight", "dimensions", "tags", "global_unique_id", "categories")
_PLAIN = ("status", "tax_status", "tax_class", "backorders", "virtual", "downloadable")


def create_product(shop: Shop, body: JSONDict, *, parent: Product | None = None) -> Product:
    """Make a product, or a variation of `parent`.

    Raises:
        RestError: 400 `product_invalid_sku`.
    """
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
        shown={} if parent else {"categories": [{"id": 15, "name": "Uncategorized", "slug": "uncategorized"}]},
    )
    product.id = shop.next("post")
    _apply(shop, product, body)
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
    _apply(shop, product, body)
    touch(shop, product)


def touch(shop: Shop, product: Product) -> None:
    """Move the date of a changed product (and of the parent of a variation) and note the event."""
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
    touch(shop, owner)
    return before, owner.stock_quantity


def _apply(shop: Shop, product: Product, body: JSONDict) -> None:
    if "name" in body:
        product.name = html_name(str(body["name"]))
    if "sku" in body:
        product.sku = str(body["sku"] or "")
    for name in _PLAIN:
        if name in body:
            setattr(product, name, body[name])
    if "attributes" in body:
        product.attributes = [_attribute(a, product.type) for a in body["attributes"]]
    product.shown.update({name: body[name] for name in _SHOWN if name in body})
    _apply_prices(product, body)
    _apply_stock(product, body)
    write_meta(product.meta, body.get("meta_data", []), next_id=lambda: shop.next("meta"))


def _attribute(sent: JSONDict, product_type: str) -> JSONDict:
    name = str(sent.get("name", ""))
    head = {"id": to_int(sent.get("id", 0)), "name": name, "slug": sent.get("slug", name)}
    if product_type == "variation":
        return {**head, "option": str(sent.get("option", ""))}
    flags = {"position": 0, "visible": bool(sent.get("visible")), "variation": bool(sent.get("variation"))}
    return {**head, **flags, "options": list(sent.get("options", []))}


def _apply_prices(product: Product, body: JSONDict) -> None:
    """Store prices as sent; a sale price not below the regular one is dropped without a word."""
    if product.type in {"variable", "grouped"}:
        return
    for name in ("regular_price", "sale_price"):
        if name in body:
            setattr(product, name, clean_decimal(str(body[name] if body[name] is not None else "")))
    no_sale = product.regular_price == "" or to_decimal(product.sale_price) >= to_decimal(product.regular_price)
    if product.sale_price != "" and no_sale:
        product.sale_price = ""


def _apply_stock(product: Product, body: JSONDict) -> None:
    if "manage_stock" in body:
        product.manage_stock = _as_manage(body["manage_stock"])
        if product.manage_stock is True and product.stock_quantity is None:
            product.stock_quantity = 0
    if "stock_status" in body:
        product.in_stock = body["stock_status"] != "outofstock"
    if product.manage_stock is True and "stock_quantity" in body:
        product.stock_quantity = to_int(body["stock_quantity"])


def _as_manage(value: Any) -> bool | str:
    if value == "parent":
        return "parent"
    return value is True or str(value).lower() in {"true", "1", "yes"}
