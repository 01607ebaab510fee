"""REST addresses of products and variations; its `ROUTES` are served by `app`."""

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
}
_BODY: check.Schema = {
    "name": check.text,
    "sku": check.text,
    "regular_price": check.text,
    "sale_price": check.text,
    "stock_quantity": check.stock,
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


def _show(call: Call, product: Product) -> JSONDict:
    return show_product(call.shop, product, base=call.base)


def list_products(call: Call) -> Answer:
    """Answer a page of products; variations only if they are asked for by SKU."""
    query = call.query
    found = [product for product in call.shop.products.values() if _matches(call, product)]
    by = {
        "id": lambda p: p.id,
        "title": lambda p: p.name.lower(),
        "modified": lambda p: p.modified,
        "price": lambda p: to_decimal(p.price),
    }.get(query.get("orderby", "date"), lambda p: p.created)
    found.sort(key=lambda p: p.id, reverse=True)
    found.sort(key=by, reverse=query.get("order", "desc") == "desc")
    return page_of(call, found, show=lambda product: _show(call, product))


def _matches(call: Call, product: Product) -> bool:
    query = call.query
    return (
        _matches_sku(product, query)
        and _matches_kind(product, query)
        and match_ids(query, product.id)
        and match_dates(query, product.created, product.modified)
        and str(query.get("search", "")).lower() in product.name.lower()
        and query.get("stock_status", stock_status(call.shop, product)) == stock_status(call.shop, product)
    )


def _matches_sku(product: Product, query: JSONDict) -> bool:
    skus = [sku.lower() for sku in check.as_list(query.get("sku", ""))]
    part = str(query.get("search_sku", "")).lower()
    if part and (part not in product.sku.lower()):
        return False
    if product.type == "variation":
        return product.sku.lower() in skus
    return not skus or product.sku.lower() in skus


def _matches_kind(product: Product, query: JSONDict) -> bool:
    status = query.get("status", "any")
    has_status = product.status == status or (status == "any" and product.status != "trash")
    return has_status and query.get("type", product.type) == product.type


def get_product(call: Call) -> Answer:
    """Answer one product; also works with the id of a variation."""
    return Answer(_show(call, _find(call, to_int(call.ids[0]))))


def post_product(call: Call) -> Answer:
    """Create a product."""
    product = create_product(call.shop, call.body)
    url = f"{call.base}/wp-json/wc/v3/products/{product.id}"
    return Answer(_show(call, product), 201, {"Location": url})


def put_product(call: Call) -> Answer:
    """Change a product."""
    product = _find_to_edit(call, to_int(call.ids[0]))
    update_product(call.shop, product, call.body)
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
    own.sort(key=lambda v: (v.created, v.id), reverse=call.query.get("order", "desc") == "desc")
    return page_of(call, own, show=lambda v: _show_variation(call, v))


def get_variation(call: Call) -> Answer:
    """Answer one variation."""
    return Answer(_show_variation(call, _variation(call, to_int(call.ids[1]))))


def post_variation(call: Call) -> Answer:
    """Create a variation."""
    parent = _parent(call)
    product = create_product(call.shop, call.body, parent=parent)
    url = f"{call.base}/wp-json/wc/v3/products/{parent.id}/variations/{product.id}"
    return Answer(_show_variation(call, product), 201, {"Location": url})


def put_variation(call: Call) -> Answer:
    """Change a variation."""
    product = _variation(call, to_int(call.ids[1]))
    update_product(call.shop, product, call.body)
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
            "GET": Endpoint(list_variations, "list", query=LIST_ARGUMENTS),
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
