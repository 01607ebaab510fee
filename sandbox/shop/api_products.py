"""REST addresses of products and variations; its `ROUTES` are served by `app`."""

from collections.abc import Callable, Iterable
from operator import attrgetter
from typing import Any

from sandbox.shop import schema as check
from sandbox.shop.api_orders import LIST_ARGUMENTS, match_dates, match_ids
from sandbox.shop.batch import BatchActions, run_batch
from sandbox.shop.entities import Product
from sandbox.shop.errors import RestError, invalid_id
from sandbox.shop.product_json import show_product, show_variation, stock_status
from sandbox.shop.products import create_product, trash_product, update_product
from sandbox.shop.routing import Answer, Call, Endpoint, Route, editing, page_of
from sandbox.shop.wire import JSONDict, to_decimal, to_int

_LIST: check.Schema = {
    **LIST_ARGUMENTS,
    "orderby": check.one_of(
        *("date", "id", "include", "title", "slug", "price", "popularity", "rating", "menu_order", "modified")
    ),
    "status": check.one_of("any", "future", "trash", "draft", "pending", "private", "publish"),
    "type": check.one_of("simple", "grouped", "external", "variable"),
    "stock_status": check.one_of("instock", "outofstock", "onbackorder"),
    "context": check.one_of("view", "edit"),
}
_VARIATION_LIST: check.Schema = {
    **LIST_ARGUMENTS,
    "orderby": check.one_of("date", "id", "include", "title", "slug", "menu_order", "modified"),
}
_BODY: check.Schema = {
    "name": check.text,
    "sku": check.text,
    "regular_price": check.text,
    "sale_price": check.text,
    "date_on_sale_from": check.text_or_null,
    "date_on_sale_from_gmt": check.text_or_null,
    "date_on_sale_to": check.text_or_null,
    "date_on_sale_to_gmt": check.text_or_null,
    "stock_quantity": check.stock,
    "low_stock_amount": check.stock,
    "menu_order": check.integer,
    "weight": check.text,
    "dimensions": check.mapping,
    "stock_status": check.one_of("instock", "outofstock", "onbackorder"),
    "backorders": check.one_of("no", "notify", "yes"),
    "status": check.one_of("draft", "pending", "private", "publish", "future", "auto-draft", "trash"),
    "tax_status": check.one_of("taxable", "shipping", "none"),
    "tax_class": check.text,
    "categories": check.objects,
    "attributes": check.objects,
    "meta_data": check.objects,
    "description": check.text,
}
_PRODUCT_BODY: check.Schema = {
    **_BODY,
    "catalog_visibility": check.one_of("visible", "catalog", "search", "hidden"),
    "short_description": check.text,
    "tags": check.objects,
    "default_attributes": check.objects,
    "images": check.objects,
    "type": check.one_of("simple", "grouped", "external", "variable"),
    "manage_stock": check.boolean,
}


def _find(call: Call, product_id: int, *, status: int = 404) -> Product:
    product = call.shop.products.get(product_id)
    if product is None:
        raise invalid_id("product", status=status)
    return product


def _find_to_edit(call: Call, product_id: int) -> Product:
    product = _find(call, product_id, status=400)
    if product.type == "variation":
        message = (
            "To manipulate product variations you should use the "
            "/products/&lt;product_id&gt;/variations/&lt;id&gt; endpoint."
        )
        raise RestError("woocommerce_rest_invalid_product_id", message, status=404)
    return product


def _sanitized(body: JSONDict) -> JSONDict:
    """Turn a null stock into 0, as the schema of a single call does; a batch has no schema and passes it over."""
    return {**body, "stock_quantity": 0} if "stock_quantity" in body and body["stock_quantity"] is None else body


def _show(call: Call, product: Product) -> JSONDict:
    is_write = call.method != "GET"
    as_stored = is_write or call.query.get("context") == "edit"
    return show_product(call.shop, product, base=call.base, as_stored=as_stored)


def list_products(call: Call) -> Answer:
    """Answer a page of products; variations only if they are asked for by SKU."""
    query = call.query
    order, is_newest_first = query.get("orderby", "date"), query.get("order", "desc") == "desc"
    status = query.get("status", "any")
    is_any = status == "any"
    found = [
        product for product in _candidates(call) if product.status == status or (is_any and product.status != "trash")
    ]
    for test in _tests(call):
        found = [product for product in found if test(product)]
    if order == "id":
        found.sort(key=attrgetter("id"), reverse=is_newest_first)
    else:
        found.sort(key=attrgetter("id"), reverse=True)
        found.sort(key=_sorting(call, order), reverse=is_newest_first)
    return page_of(call, found, show=lambda product: _show(call, product))


def _sorting(call: Call, order: str) -> Callable[[Product], Any]:
    keys: dict[str, Callable[[Product], Any]] = {
        "title": lambda product: product.name.lower(),
        "modified": attrgetter("modified"),
        "price": lambda product: to_decimal(product.price(call.shop.clock())),
    }
    return keys.get(order, attrgetter("created"))


def _candidates(call: Call) -> Iterable[Product]:
    """Leave out what an index rules out: a walk over all products is for questions no index answers."""
    shop, query = call.shop, call.query
    if query.get("search_sku"):
        return shop.products.values()
    if query.get("sku"):
        skus = dict.fromkeys([*str(query["sku"]).split(","), str(query["sku"])])  # the whole text counts as a SKU too
        found = {p.id: p for sku in skus for p in shop.products.with_sku(sku.strip())}
        return found.values()
    if query.get("include"):
        numbers = dict.fromkeys(to_int(number) for number in check.as_list(query["include"]))
        chosen = (shop.products[number] for number in numbers if number in shop.products)
        return [product for product in chosen if product.type != "variation"]
    return shop.products.listed()


def _tests(call: Call) -> list[Callable[[Product], bool]]:
    """List what a product has to pass; only what was asked for, for there may be 20,000."""
    query, shop = call.query, call.shop
    tests: list[Callable[[Product], bool]] = []
    if query.get("search_sku"):
        part = str(query["search_sku"]).lower()
        tests.append(lambda p: part in p.sku.lower())
    if query.get("type"):
        tests.append(lambda p: p.type == query["type"])
    if query.get("include") or query.get("exclude"):
        tests.append(lambda p: match_ids(query, p.id))
    if {"after", "before", "modified_after", "modified_before"} & set(query):
        tests.append(lambda p: match_dates(query, p.created, p.modified))
    if query.get("search"):
        words = str(query["search"]).lower()
        tests.append(lambda p: words in p.name.lower())
    if query.get("category"):
        category = to_int(query["category"])
        tests.append(lambda p: category in p.category_ids)
    if query.get("stock_status"):
        tests.append(lambda p: stock_status(shop, p) == query["stock_status"])
    return tests


def get_product(call: Call) -> Answer:
    """Answer one product; also works with the id of a variation."""
    return Answer(_show(call, _find(call, to_int(call.ids[0]))))


def post_product(call: Call) -> Answer:
    """Create a product."""
    product = create_product(call.shop, _sanitized(call.body))
    url = f"{call.base}/wp-json/wc/v3/products/{product.id}"
    return Answer(_show(call, product), 201, {"Location": url})


def put_product(call: Call) -> Answer:
    """Change a product."""
    product = _find_to_edit(call, to_int(call.ids[0]))
    update_product(call.shop, product, _sanitized(call.body))
    return Answer(_show(call, product))


def delete_product(call: Call) -> Answer:
    """Trash a product, or delete it for good with `force`."""
    return Answer(_delete(call, _find(call, to_int(call.ids[0])), force=call.flag("force")))


def _delete(call: Call, product: Product, *, force: bool) -> JSONDict:
    shown = _show(call, product)
    if force:
        for variation in call.shop.variations(product.id):
            del call.shop.products[variation.id]
        del call.shop.products[product.id]
    else:
        trash_product(call.shop, product)
    return shown


def batch_products(call: Call) -> Answer:
    """Run a batch of products."""

    def update(product_id: int, element: JSONDict) -> JSONDict:
        product = _find_to_edit(call, product_id)
        update_product(call.shop, product, element)
        return _show(call, product)

    actions = BatchActions(
        create=lambda element: _show(call, create_product(call.shop, element)),
        update=update,
        delete=lambda product_id: _delete(call, _find(call, product_id), force=True),
    )
    return run_batch(call, actions)


def _parent(call: Call) -> Product:
    return _find(call, to_int(call.ids[0]))


def _variation(call: Call, variation_id: int) -> Product:
    product = call.shop.products.get(variation_id)
    if product is None or product.type != "variation" or product.parent_id != to_int(call.ids[0]):
        raise invalid_id("product_variation")
    return product


def _show_variation(call: Call, product: Product) -> JSONDict:
    return show_variation(call.shop, product, base=call.base)


def list_variations(call: Call) -> Answer:
    """Answer a page of the variations of a product, newest first."""
    skus = [sku.lower() for sku in check.as_list(call.query.get("sku", ""))]
    own = [v for v in call.shop.variations(_parent(call).id) if not skus or v.sku.lower() in skus]
    own = [v for v in own if match_ids(call.query, v.id) and match_dates(call.query, v.created, v.modified)]
    own = [v for v in own if v.status != "trash"]
    by_id = call.query.get("orderby") == "id"
    own.sort(key=lambda v: v.id if by_id else (v.created, v.id), reverse=call.query.get("order", "desc") == "desc")
    return page_of(call, own, show=lambda v: _show_variation(call, v))


def get_variation(call: Call) -> Answer:
    """Answer one variation."""
    return Answer(_show_variation(call, _variation(call, to_int(call.ids[1]))))


def post_variation(call: Call) -> Answer:
    """Create a variation."""
    parent = _parent(call)
    product = create_product(call.shop, _sanitized(call.body), parent=parent)
    url = f"{call.base}/wp-json/wc/v3/products/{parent.id}/variations/{product.id}"
    return Answer(_show_variation(call, product), 201, {"Location": url})


def put_variation(call: Call) -> Answer:
    """Change a variation."""
    product = _variation(call, to_int(call.ids[1]))
    update_product(call.shop, product, _sanitized(call.body))
    return Answer(_show_variation(call, product))


def delete_variation(call: Call) -> Answer:
    """Delete a variation; with `force` nothing is delivered."""
    product = _variation(call, to_int(call.ids[1]))
    return Answer(_remove_variation(call, product, force=call.flag("force")))


def _remove_variation(call: Call, product: Product, *, force: bool) -> JSONDict:
    shown = _show_variation(call, product)
    if force:
        del call.shop.products[product.id]
    else:
        trash_product(call.shop, product)
    return shown


def batch_variations(call: Call) -> Answer:
    """Run a batch of variations."""
    parent = _parent(call)

    def update(variation_id: int, element: JSONDict) -> JSONDict:
        product = _variation(call, variation_id)
        update_product(call.shop, product, element)
        return _show_variation(call, product)

    actions = BatchActions(
        create=lambda element: _show_variation(call, create_product(call.shop, element, parent=parent)),
        update=update,
        delete=lambda number: _remove_variation(call, _variation(call, number), force=True),
    )
    return run_batch(call, actions)


ROUTES = [
    Route(
        r"products",
        {
            "GET": Endpoint(list_products, "list", query=_LIST, as_asked=True),
            "POST": Endpoint(post_product, "create", body=_PRODUCT_BODY, as_asked=True),
        },
    ),
    Route(r"products/batch", editing(Endpoint(batch_products, "batch"))),
    Route(
        r"products/(\d+)",
        {
            "GET": Endpoint(get_product, "view", as_asked=True),
            **editing(Endpoint(put_product, "edit", body=_PRODUCT_BODY, as_asked=True)),
            "DELETE": Endpoint(delete_product, "delete"),
        },
    ),
    Route(
        r"products/(\d+)/variations",
        {
            "GET": Endpoint(list_variations, "list", query=_VARIATION_LIST),
            "POST": Endpoint(post_variation, "create", body=_BODY),
        },
    ),
    Route(r"products/(\d+)/variations/batch", editing(Endpoint(batch_variations, "batch"))),
    Route(
        r"products/(\d+)/variations/(\d+)",
        {
            "GET": Endpoint(get_variation, "view"),
            **editing(Endpoint(put_variation, "edit", body=_BODY)),
            "DELETE": Endpoint(delete_variation, "delete"),
        },
    ),
]
