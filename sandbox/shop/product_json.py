"""Writes products and variations as REST and webhooks show them; called by `api_products` and `delivery`."""

from datetime import datetime
from decimal import Decimal
from urllib.parse import quote

from sandbox.shop import dates
from sandbox.shop.entities import Product
from sandbox.shop.order_json import self_link, show_meta
from sandbox.shop.state import Shop
from sandbox.shop.terms import CATEGORY, TAG
from sandbox.shop.texts import as_paragraphs, as_short_description
from sandbox.shop.vocabulary import slug_of
from sandbox.shop.wire import JSONDict, fixed, to_decimal

_AMOUNT = (
    '<span class="woocommerce-Price-amount amount"><bdi>'
    '<span class="woocommerce-Price-currencySymbol">&euro;</span>{}</bdi></span>'
)

_MOST_RELATED = 5


def prices_of(shop: Shop, product: Product) -> list[Decimal]:
    """List the prices of a product; those of its variations if it is a variable one."""
    sources = shop.variations(product.id) if product.type == "variable" else [product]
    prices = [p.price(shop.clock()) for p in sources]
    return sorted(to_decimal(price) for price in prices if price != "")


def price_of(shop: Shop, product: Product) -> str:
    """Return the price shown: the lowest variation's for a variable product."""
    if product.type == "grouped":
        parts = [shop.products[i] for i in product.shown.get("grouped_products", []) if i in shop.products]
        return parts[0].price(shop.clock()) if parts else ""
    if product.type != "variable":
        return product.price(shop.clock())
    prices = prices_of(shop, product)
    return fixed(prices[0]) if prices else ""


def show_product(shop: Shop, product: Product, *, base: str, as_stored: bool = False) -> JSONDict:
    """Write a product, or a variation read through `/products/<id>`, with its keys in the recorded order.

    Args:
        as_stored: texts as they are stored (`context=edit`, and the answers to writes), not as readers get them.
    """
    shown, is_variation = product.shown, product.type == "variation"
    root = f"{base}/wp-json/wc/v3/products"
    links: JSONDict = {"self": self_link(f"{root}/{product.id}"), "collection": [{"href": root}]}
    if is_variation:
        links["up"] = [{"href": f"{root}/{product.parent_id}"}]
    return {
        "id": product.id,
        "name": product.name,
        "slug": _slug(product),
        "permalink": _permalink(shop, product, base),
        **_dates(product.created, product.modified),
        "type": product.type,
        "status": product.status,
        "featured": shown.get("featured", False),
        "catalog_visibility": shown.get("catalog_visibility", "visible"),
        **_texts(product, as_stored=as_stored),
        "sku": product.sku,
        **_prices(shop, product),
        "purchasable": product.type in {"simple", "variation", "variable"} and price_of(shop, product) != "",
        "total_sales": str(product.total_sales) if is_variation else product.total_sales,
        **_digital(product),
        "external_url": shown.get("external_url", ""),
        "button_text": shown.get("button_text", ""),
        "tax_status": product.tax_status,
        "tax_class": product.tax_class,
        **_stock(shop, product),
        "sold_individually": shown.get("sold_individually", False),
        "weight": shown.get("weight", ""),
        "dimensions": shown.get("dimensions", {"length": "", "width": "", "height": ""}),
        "shipping_required": not product.virtual,
        "shipping_taxable": not product.virtual and product.tax_status != "none",
        "shipping_class": "",
        "shipping_class_id": 0,
        "reviews_allowed": not is_variation,
        "average_rating": "0.00",
        "rating_count": 0,
        "upsell_ids": [],
        "cross_sell_ids": [],
        "parent_id": product.parent_id,
        "purchase_note": shown.get("purchase_note", ""),
        "categories": _terms(shop, CATEGORY, product.category_ids),
        "brands": [],
        "tags": _terms(shop, TAG, shown.get("tag_ids", [])),
        "images": [_image(image) for image in shown.get("images", [])],
        "attributes": product.attributes,
        "default_attributes": shown.get("default_attributes", []),
        "variations": [v.id for v in shop.variations(product.id)],
        "grouped_products": shown.get("grouped_products", []),
        "menu_order": shown.get("menu_order", 0),
        "price_html": _price_html(shop, product),
        "related_ids": _related(shop, product),
        "meta_data": show_meta(product.meta),
        "stock_status": stock_status(shop, product),
        "has_options": product.type == "variable",
        "post_password": "",
        "global_unique_id": shown.get("global_unique_id", ""),
        "_links": links,
    }


def show_variation(shop: Shop, product: Product, *, base: str) -> JSONDict:
    """Write a variation as `/products/<id>/variations` does."""
    parent_url = f"{base}/wp-json/wc/v3/products/{product.parent_id}"
    stock = _stock(shop, product)
    return {
        "id": product.id,
        "type": "variation",
        **_dates(product.created, product.modified),
        "description": as_short_description(product.shown.get("description", "")),
        "permalink": _permalink(shop, product, base),
        "sku": product.sku,
        "global_unique_id": product.shown.get("global_unique_id", ""),
        **_prices(shop, product),
        "status": product.status,
        "purchasable": product.price(shop.clock()) != "",
        **_digital(product),
        "tax_status": product.tax_status,
        "tax_class": product.tax_class,
        "manage_stock": stock.pop("manage_stock"),
        "stock_quantity": stock.pop("stock_quantity"),
        "stock_status": stock_status(shop, product),
        **stock,
        "weight": product.shown.get("weight", ""),
        "dimensions": product.shown.get("dimensions", {"length": "", "width": "", "height": ""}),
        "shipping_class": "",
        "shipping_class_id": 0,
        "image": next((_image(image) for image in product.shown.get("images", [])), None),
        "attributes": product.attributes,
        "menu_order": product.shown.get("menu_order", 0),
        "meta_data": show_meta(product.meta),
        "name": ", ".join(a["option"] for a in product.attributes),
        "parent_id": product.parent_id,
        "_links": {
            "self": self_link(f"{parent_url}/variations/{product.id}"),
            "collection": [{"href": f"{parent_url}/variations"}],
            "up": [{"href": parent_url}],
        },
    }


def stock_owner(shop: Shop, product: Product) -> Product:
    """Return what holds the stock of a product: itself, or the parent of a variation that leaves it to it."""
    parent = shop.products.get(product.parent_id)
    inherits = product.type == "variation" and product.manage_stock is not True
    return parent if inherits and parent and parent.manage_stock is True else product


def stock_status(shop: Shop, product: Product) -> str:
    """Return `instock`, `outofstock` or `onbackorder`."""
    owner = stock_owner(shop, product)
    if owner.manage_stock is not True:
        return _unmanaged_status(shop, product)
    if (owner.stock_quantity or 0) > 0:
        return "instock"
    return "outofstock" if owner.backorders == "no" else "onbackorder"


def has_in_stock(shop: Shop, product: Product, quantity: int) -> bool:
    """Say whether the storefront would sell so many: enough there, stock not managed, or back-orders allowed."""
    owner = stock_owner(shop, product)
    if owner.manage_stock is not True:
        return stock_status(shop, product) != "outofstock"
    return owner.backorders != "no" or (owner.stock_quantity or 0) >= quantity


def _unmanaged_status(shop: Shop, product: Product) -> str:
    """What was set by hand; a variable product is what the best of its variations is."""
    if product.type != "variable":
        return product.set_status
    found = {stock_status(shop, child) for child in shop.variations(product.id)} or {product.set_status}
    return next(status for status in ("instock", "onbackorder", "outofstock") if status in found)


def _terms(shop: Shop, taxonomy: str, numbers: list[int]) -> list[JSONDict]:
    known = [shop.terms[taxonomy][number] for number in numbers if number in shop.terms[taxonomy]]
    return [{"id": t.id, "name": t.name, "slug": t.slug} for t in sorted(known, key=lambda term: term.name)]


def _image(image: JSONDict) -> JSONDict:
    """Show a picture: a post of its own, which a change of the product leaves as it is."""
    dates_of_its_own = _dates(image["loaded"], image["loaded"])
    return {"id": image["id"], **dates_of_its_own, "src": image["src"], "name": image["name"], "alt": image["alt"]}


def _texts(product: Product, *, as_stored: bool) -> JSONDict:
    long, short = (str(product.shown.get(name, "")) for name in ("description", "short_description"))
    if not as_stored:
        long, short = as_paragraphs(long), as_short_description(short)
    return {"description": long, "short_description": short}


def _dates(created: datetime, modified: datetime) -> JSONDict:
    return {
        "date_created": dates.site(created),
        "date_created_gmt": dates.gmt(created),
        "date_modified": dates.site(modified),
        "date_modified_gmt": dates.gmt(modified),
    }


def _prices(shop: Shop, product: Product) -> JSONDict:
    family = shop.variations(product.id) if product.type == "variable" else [product]
    now = shop.clock()
    return {
        "price": price_of(shop, product),
        "regular_price": product.regular_price,
        "sale_price": product.sale_price,
        "date_on_sale_from": dates.site(product.sale_from),
        "date_on_sale_from_gmt": dates.gmt(product.sale_from),
        "date_on_sale_to": dates.site(product.sale_to),
        "date_on_sale_to_gmt": dates.gmt(product.sale_to),
        "on_sale": any(p.is_on_sale(now) for p in family),
    }


def _digital(product: Product) -> JSONDict:
    return {
        "virtual": product.virtual,
        "downloadable": product.downloadable,
        "downloads": [],
        "download_limit": -1,
        "download_expiry": -1,
    }


def _stock(shop: Shop, product: Product) -> JSONDict:
    owner = stock_owner(shop, product)
    manages = owner.manage_stock is True
    return {
        "manage_stock": "parent" if owner is not product else manages,
        "stock_quantity": (owner.stock_quantity or 0) if manages else None,
        "backorders": owner.backorders,
        "backorders_allowed": owner.backorders != "no",
        "backordered": manages and owner.backorders == "notify" and (owner.stock_quantity or 0) < 0,
        "low_stock_amount": owner.low_stock_amount,
    }


def _slug(product: Product) -> str:
    if "slug" in product.shown:
        return str(product.shown["slug"])
    return slug_of(product.name)


def _permalink(shop: Shop, product: Product, base: str) -> str:
    parent = shop.products.get(product.parent_id)
    if product.type != "variation" or parent is None:
        return f"{base}/product/{_slug(product)}/"
    chosen = "&".join(f"attribute_{a['slug']}={quote(_term(a))}" for a in product.attributes)
    return f"{base}/product/{_slug(parent)}/?{chosen}"


def _term(attribute: JSONDict) -> str:
    """A shop-wide attribute is stored as term slug, one of the product's own as its text."""
    return slug_of(str(attribute["option"])) if attribute["id"] else str(attribute["option"])


def _price_html(shop: Shop, product: Product) -> str:
    if product.type == "variable":
        prices = prices_of(shop, product)
        ends = [prices[0], prices[-1]] if prices and prices[0] != prices[-1] else prices[:1]
        return " &ndash; ".join(_AMOUNT.format(fixed(p)) for p in ends)
    price = price_of(shop, product)
    if price == "":
        return ""
    if not product.is_on_sale(shop.clock()):
        return _AMOUNT.format(fixed(to_decimal(price)))
    old, new = fixed(to_decimal(product.regular_price)), fixed(to_decimal(price))
    return (
        f'<del aria-hidden="true">{_AMOUNT.format(old)}</del> '
        f'<span class="screen-reader-text">Original price was: &euro;{old}.</span>'
        f'<ins aria-hidden="true">{_AMOUNT.format(new)}</ins>'
        f'<span class="screen-reader-text">Current price is: &euro;{new}.</span>'
    )


def _related(shop: Shop, product: Product) -> list[int]:
    """Name five others of the same categories; the real shop draws them."""
    if product.type in {"variation", "variable"}:
        return []
    alike: dict[int, None] = {}
    for category in product.category_ids:
        for other in shop.products.in_category(category):
            if len(alike) == _MOST_RELATED:
                return list(alike)
            if other.type == "simple" and other.id != product.id:
                alike[other.id] = None
    return list(alike)
