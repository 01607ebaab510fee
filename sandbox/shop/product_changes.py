"""Applies sent fields to a product or variation, as WooCommerce does; called by `products`.

What the shop passes over without a word is passed over here too: that is what a client must notice.
Source: behaviour.md section 4; where that is silent, WooCommerce's class-wc-rest-products-controller.php and
class-wc-rest-product-variations-controller.php.
"""

import re
from datetime import UTC, datetime
from typing import Any

from sandbox.shop.dates import SITE_TIME, parse_stamp
from sandbox.shop.entities import Product
from sandbox.shop.errors import RestError
from sandbox.shop.metadata import write_meta
from sandbox.shop.state import Shop
from sandbox.shop.texts import stored_html
from sandbox.shop.vocabulary import category_ids, slug_of, tag_ids, term_named
from sandbox.shop.wire import JSONDict, clean_decimal, to_decimal, to_int

_SHOWN = (
    *("slug", "weight", "global_unique_id", "catalog_visibility", "menu_order"),
    *("featured", "sold_individually", "purchase_note", "external_url", "button_text", "grouped_products"),
)
_PLAIN = ("tax_status", "virtual", "downloadable")
_STATUSES = {"draft", "pending", "private", "publish", "future", "auto-draft", "trash"}
_TYPES = {"simple", "grouped", "external", "variable"}
_TAX_CLASSES = {"", "reduced-rate", "zero-rate"}
_MAY_BE_NULL = {"low_stock_amount"}


def apply_changes(shop: Shop, product: Product, sent: JSONDict) -> None:
    """Apply a body to a product; a null counts as not sent, as PHP's isset() has it.

    Raises:
        RestError: 400, a picture that is none; nothing was changed.
    """
    body = {name: value for name, value in sent.items() if value is not None or name in _MAY_BE_NULL}
    if "images" in body or "image" in body:
        _apply_images(shop, product, body)
    _apply_texts(shop, product, body)
    if "attributes" in body:
        product.attributes = _attributes(shop, product, body["attributes"])
    if "default_attributes" in body and product.type == "variable":
        product.shown["default_attributes"] = [_default(shop, one) for one in body["default_attributes"]]
    if product.type != "variation" and isinstance(body.get("categories"), list):
        shop.products.file_under(product, category_ids(shop, body["categories"]))
    if isinstance(body.get("tags"), list):
        product.shown["tag_ids"] = tag_ids(shop, body["tags"])
    _apply_prices(product, body)
    _apply_stock(product, body)
    write_meta(product.meta, body.get("meta_data", []), next_id=lambda: shop.next("meta"))


def _apply_texts(shop: Shop, product: Product, body: JSONDict) -> None:
    if "type" in body and product.type != "variation":
        product.type = body["type"] if body["type"] in _TYPES else "simple"
    if "name" in body and product.type != "variation":
        product.name = stored_html(str(body["name"]))
    if "status" in body:
        product.status = body["status"] if body["status"] in _STATUSES else "draft"
    if "sku" in body:
        shop.products.rename(product, " ".join(re.sub(r"<[^>]*>", "", str(body["sku"])).split()))
    if "tax_class" in body:
        product.tax_class = _tax_class(shop, product, str(body["tax_class"]))
    for name in _PLAIN:
        if name in body:
            setattr(product, name, body[name])
    product.shown.update({name: body[name] for name in _SHOWN if name in body})
    texts = ("description", "short_description")
    product.shown.update({name: stored_html(str(body[name])) for name in texts if name in body})
    if isinstance(body.get("dimensions"), dict):
        nothing = {"length": "", "width": "", "height": ""}
        product.shown["dimensions"] = {**nothing, **product.shown.get("dimensions", {}), **body["dimensions"]}


def _tax_class(shop: Shop, product: Product, sent: str) -> str:
    """An unknown class counts as the standard one."""
    parent = shop.products.get(product.parent_id)
    if sent == "parent" and parent:
        return parent.tax_class
    return sent if sent in _TAX_CLASSES else ""


def _attributes(shop: Shop, product: Product, sent: list[JSONDict]) -> list[JSONDict]:
    if product.type != "variation":
        return [one for one in (_attribute(shop, attribute) for attribute in sent) if one]
    parent = shop.products.get(product.parent_id)
    if parent is None:
        message = "Cannot set attributes due to invalid parent product."
        raise RestError("woocommerce_rest_product_variation_invalid_parent", message, status=404)
    return [one for one in (_chosen(parent, attribute) for attribute in sent) if one]


def _attribute(shop: Shop, sent: JSONDict) -> JSONDict | None:
    """Write an attribute of a product; terms of a shop-wide one are made if missing and shown in their order."""
    flags = {
        "position": to_int(sent.get("position", 0)),
        "visible": bool(sent.get("visible")),
        "variation": bool(sent.get("variation")),
    }
    raw = sent.get("options", [])
    options = [str(option).strip() for option in (raw if isinstance(raw, list) else str(raw).split("|"))]
    options = [option for option in options if option]
    if sent.get("id"):
        known = shop.attributes.get(to_int(sent["id"]))
        if known is None or not options:
            return None
        terms = sorted({term_named(shop, known.slug, o).id: None for o in options})
        named = sorted((shop.terms[known.slug][i] for i in terms), key=lambda term: (term.menu_order, term.name))
        return {"id": known.id, "name": known.name, "slug": known.slug, **flags, "options": [t.name for t in named]}
    name = str(sent.get("name", ""))
    return {"id": 0, "name": name, "slug": name, **flags, "options": options} if name else None


def _chosen(parent: Product, sent: JSONDict) -> JSONDict | None:
    """Write the option of a variation; an attribute the parent does not vary by is passed over."""
    for known in parent.attributes:
        is_same = known["id"] == to_int(sent["id"]) if sent.get("id") else _is_named(known, str(sent.get("name", "")))
        if is_same and known["variation"]:
            slug = known["slug"] if known["id"] else slug_of(known["name"])
            return {"id": known["id"], "name": known["name"], "slug": slug, "option": str(sent.get("option", ""))}
    return None


def _is_named(known: JSONDict, name: str) -> bool:
    """An attribute of the product's own by its name, a shop-wide one by the name of its taxonomy."""
    return bool(name) and slug_of(name) == (slug_of(known["name"]) if not known["id"] else known["slug"])


def _default(shop: Shop, sent: JSONDict) -> JSONDict:
    known = shop.attributes.get(to_int(sent.get("id", 0)))
    return {
        "id": known.id if known else 0,
        "name": known.name if known else str(sent.get("name", "")),
        "option": str(sent.get("option", "")),
    }


def _apply_images(shop: Shop, product: Product, body: JSONDict) -> None:
    """Take pictures by number, or load them from their address (nothing is loaded here)."""
    sent = body["images"] if "images" in body else [body["image"]]
    known = {image["id"]: image for image in shop.images.values()}
    for image in sent:
        number = to_int(image.get("id", 0))
        if number not in known and (number or not image.get("src")):
            raise RestError("woocommerce_product_invalid_image_id", f"#{number} is an invalid image ID.")
    product.shown["images"] = [_image(shop, image) for image in sent]


def _image(shop: Shop, sent: JSONDict) -> JSONDict:
    number = to_int(sent.get("id", 0)) or shop.next("post")
    loaded = {"id": number, "src": sent.get("src", ""), "name": "", "alt": "", "loaded": shop.clock()}
    image = shop.images.setdefault(number, loaded)
    image.update({name: sent[name] for name in ("name", "alt") if sent.get(name)})
    return image


def _apply_prices(product: Product, body: JSONDict) -> None:
    """Store prices as sent; a sale price not below the regular one is dropped without a word."""
    if product.type in {"variable", "grouped"}:
        product.regular_price = product.sale_price = ""
        product.sale_from = product.sale_to = None
        return
    for name in ("regular_price", "sale_price"):
        if name in body:
            setattr(product, name, clean_decimal(str(body[name])))
    no_sale = product.regular_price == "" or to_decimal(product.sale_price) >= to_decimal(product.regular_price)
    if product.sale_price != "" and no_sale:
        product.sale_price = ""
    for end in ("from", "to"):
        for name, zone in ((f"date_on_sale_{end}", SITE_TIME), (f"date_on_sale_{end}_gmt", UTC)):
            if name in body:
                setattr(product, f"sale_{end}", _moment(body[name], zone))


def _moment(sent: Any, zone: Any) -> datetime | None:
    stamp = parse_stamp(str(sent)) or parse_stamp(f"{sent}T00:00:00")
    if stamp is None:
        return None
    return (stamp if stamp.tzinfo else stamp.replace(tzinfo=zone)).astimezone(UTC).replace(microsecond=0)


def _apply_stock(product: Product, body: JSONDict) -> None:
    """Quantity and threshold of what does not manage its stock are dropped, whatever was sent."""
    if "manage_stock" in body:
        product.manage_stock = _as_manage(body["manage_stock"])
    if "backorders" in body:
        product.backorders = body["backorders"] if body["backorders"] in {"no", "notify", "yes"} else "no"
    if "stock_status" in body:
        known = {"instock", "outofstock", "onbackorder"}
        product.set_status = body["stock_status"] if body["stock_status"] in known else "instock"
    if product.manage_stock is not True:
        product.stock_quantity = product.low_stock_amount = None
        return
    if "stock_quantity" in body:
        product.stock_quantity = to_int(body["stock_quantity"])
    elif product.stock_quantity is None:
        product.stock_quantity = 0
    if "low_stock_amount" in body:
        low = body["low_stock_amount"]
        product.low_stock_amount = None if low in (None, "") else to_int(low)


def _as_manage(value: Any) -> bool | str:
    if value == "parent":
        return "parent"
    return value is True or str(value).lower() in {"true", "1", "yes"}
