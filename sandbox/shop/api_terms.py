"""REST addresses of categories, tags, attributes and their terms; its `ROUTES` are served by `app`."""

from collections import Counter
from collections.abc import Callable

from sandbox.shop import schema as check
from sandbox.shop.api_orders import match_ids
from sandbox.shop.batch import BatchActions, run_batch
from sandbox.shop.errors import RestError
from sandbox.shop.order_json import self_link
from sandbox.shop.routing import Answer, Call, Endpoint, Route, editing, page_of
from sandbox.shop.terms import CATEGORY, TAG, Attribute, Term
from sandbox.shop.vocabulary import DEFAULT_CATEGORY, change_term, create_attribute, create_term
from sandbox.shop.wire import JSONDict, to_int

_LIST: check.Schema = {
    "page": check.at_least(1),
    "per_page": check.between(1, 100),
    "offset": check.integer,
    "order": check.one_of("asc", "desc"),
    "orderby": check.one_of("id", "include", "name", "slug", "term_group", "description", "count"),
    "include": check.integers,
    "exclude": check.integers,
    "hide_empty": check.boolean,
    "parent": check.integer,
}
_BODY: check.Schema = {
    "name": check.text,
    "slug": check.text,
    "parent": check.integer,
    "description": check.text,
    "menu_order": check.integer,
    "display": check.one_of("default", "products", "subcategories", "both"),
}
_ATTRIBUTE_BODY: check.Schema = {
    "name": check.text,
    "slug": check.text,
    "order_by": check.one_of("menu_order", "name", "name_num", "id"),
    "has_archives": check.boolean,
}

TaxonomyOf = Callable[[Call], str]


def _attribute(call: Call, number: int) -> Attribute:
    attribute = call.shop.attributes.get(number)
    if attribute is None:
        raise RestError("woocommerce_rest_taxonomy_invalid", "Resource does not exist.", status=404)
    return attribute


def _taxonomy_of_attribute(call: Call) -> str:
    attribute = call.shop.attributes.get(to_int(call.ids[0]))
    if attribute is None:
        raise RestError("woocommerce_rest_taxonomy_invalid", "Taxonomy does not exist.", status=404)
    return attribute.slug


def _term(call: Call, taxonomy: str, number: int) -> Term:
    term = call.shop.terms[taxonomy].get(number)
    if term is None:
        raise RestError("woocommerce_rest_term_invalid", "Resource does not exist.", status=404)
    return term


def _counts(call: Call, taxonomy: str) -> Counter[int]:
    """Count the published products of each term."""
    products = [p for p in call.shop.products.values() if p.status == "publish" and p.type != "variation"]
    if taxonomy == CATEGORY:
        return Counter(number for product in products for number in product.category_ids)
    if taxonomy == TAG:
        return Counter(number for product in products for number in product.shown.get("tag_ids", []))
    by_name = {term.name: term.id for term in call.shop.terms[taxonomy].values()}
    named = (o for p in products for a in p.attributes if a["slug"] == taxonomy for o in a["options"])
    return Counter(by_name[option] for option in named if option in by_name)


def _show(call: Call, taxonomy: str, term: Term, counts: Counter[int]) -> JSONDict:
    url = f"{call.base}/wp-json/wc/v3/{_collection(call)}"
    links: JSONDict = {"self": self_link(f"{url}/{term.id}"), "collection": [{"href": url}]}
    if term.parent:
        links["up"] = [{"href": f"{url}/{term.parent}"}]
    of_category: JSONDict = {"display": term.display, "image": None} if taxonomy == CATEGORY else {}
    return {
        "id": term.id,
        "name": term.name,
        "slug": term.slug,
        **({"parent": term.parent} if taxonomy == CATEGORY else {}),
        "description": term.description,
        **of_category,
        **({"menu_order": term.menu_order} if taxonomy != TAG else {}),
        "count": counts[term.id],
        "_links": links,
    }


def _collection(call: Call) -> str:
    """The address of the list a call is about."""
    last = call.path.rsplit("/", 1)[-1]
    return call.path.rsplit("/", 1)[0] if last == "batch" or last.isdecimal() else call.path


def _terms_routes(pattern: str, taxonomy_of: TaxonomyOf) -> list[Route]:
    """Make the three addresses of one kind of terms."""

    def list_terms(call: Call) -> Answer:
        taxonomy, query = taxonomy_of(call), call.query
        counts = _counts(call, taxonomy)
        found = [term for term in call.shop.terms[taxonomy].values() if match_ids(query, term.id)]
        found = [term for term in found if "parent" not in query or term.parent == to_int(query["parent"])]
        by = (lambda term: term.id) if query.get("orderby") == "id" else (lambda term: term.name.lower())
        found.sort(key=by, reverse=query.get("order", "asc") == "desc")
        return page_of(call, found, show=lambda term: _show(call, taxonomy, term, counts))

    def create(call: Call, body: JSONDict) -> JSONDict:
        taxonomy = taxonomy_of(call)
        return _show(call, taxonomy, create_term(call.shop, taxonomy, body), Counter())

    def update(call: Call, number: int, body: JSONDict) -> JSONDict:
        taxonomy = taxonomy_of(call)
        term = _term(call, taxonomy, number)
        change_term(term, body)
        return _show(call, taxonomy, term, _counts(call, taxonomy))

    def delete(call: Call, number: int) -> JSONDict:
        taxonomy = taxonomy_of(call)
        term = _term(call, taxonomy, number)
        if taxonomy == CATEGORY and number == DEFAULT_CATEGORY:
            message = "Default product category cannot be deleted."
            raise RestError("woocommerce_rest_cannot_delete", message, status=500)
        shown = _show(call, taxonomy, term, _counts(call, taxonomy))
        del call.shop.terms[taxonomy][number]
        return shown

    def batch(call: Call) -> Answer:
        taxonomy_of(call)
        actions = BatchActions(
            create=lambda element: create(call, element),
            update=lambda number, element: update(call, number, element),
            delete=lambda number: delete(call, number),
        )
        return run_batch(call, actions)

    def read(call: Call) -> Answer:
        taxonomy = taxonomy_of(call)
        return Answer(_show(call, taxonomy, _term(call, taxonomy, call.id), _counts(call, taxonomy)))

    def post(call: Call) -> Answer:
        made = create(call, call.body)
        return Answer(made, 201, {"Location": f"{call.base}/wp-json/wc/v3/{_collection(call)}/{made['id']}"})

    return [
        Route(
            pattern,
            {
                "GET": Endpoint(list_terms, "list", query=_LIST),
                "POST": Endpoint(post, "create", body=_BODY, required=("name",)),
            },
        ),
        Route(f"{pattern}/batch", editing(Endpoint(batch, "batch"))),
        Route(
            rf"{pattern}/(\d+)",
            {
                "GET": Endpoint(read, "view"),
                **editing(Endpoint(lambda call: Answer(update(call, call.id, call.body)), "edit", body=_BODY)),
                "DELETE": Endpoint(lambda call: Answer(_by_force(call, lambda: delete(call, call.id))), "delete"),
            },
        ),
    ]


def _by_force(call: Call, delete: Callable[[], JSONDict]) -> JSONDict:
    if not call.flag("force"):
        message = "Resource does not support trashing."
        raise RestError("woocommerce_rest_trash_not_supported", message, status=501)
    return delete()


def _show_attribute(call: Call, attribute: Attribute) -> JSONDict:
    url = f"{call.base}/wp-json/wc/v3/products/attributes"
    return {
        "id": attribute.id,
        "name": attribute.name,
        "slug": attribute.slug,
        "type": "select",
        "order_by": attribute.order_by,
        "has_archives": attribute.has_archives,
        "_links": {"self": self_link(f"{url}/{attribute.id}"), "collection": [{"href": url}]},
    }


def list_attributes(call: Call) -> Answer:
    """Answer all attributes by name, whatever page was asked for: the shop does not page them."""
    rows = sorted(call.shop.attributes.values(), key=lambda attribute: attribute.slug)
    headers = {"X-WP-Total": str(len(rows)), "X-WP-TotalPages": "1"}
    return Answer([_show_attribute(call, attribute) for attribute in rows], headers=headers)


def get_attribute(call: Call) -> Answer:
    """Answer one attribute."""
    return Answer(_show_attribute(call, _attribute(call, call.id)))


def post_attribute(call: Call) -> Answer:
    """Make an attribute."""
    attribute = create_attribute(call.shop, call.body)
    url = f"{call.base}/wp-json/wc/v3/products/attributes/{attribute.id}"
    return Answer(_show_attribute(call, attribute), 201, {"Location": url})


def _change_attribute(call: Call, number: int, body: JSONDict) -> JSONDict:
    attribute = _attribute(call, number)
    attribute.name = str(body.get("name") or attribute.name)
    attribute.order_by = str(body.get("order_by") or attribute.order_by)
    return _show_attribute(call, attribute)


def _delete_attribute(call: Call, number: int) -> JSONDict:
    attribute = _attribute(call, number)
    del call.shop.attributes[number], call.shop.terms[attribute.slug]
    return _show_attribute(call, attribute)


def batch_attributes(call: Call) -> Answer:
    """Run a batch of attributes."""
    actions = BatchActions(
        create=lambda element: _show_attribute(call, create_attribute(call.shop, element)),
        update=lambda number, element: _change_attribute(call, number, element),
        delete=lambda number: _delete_attribute(call, number),
    )
    return run_batch(call, actions)


ROUTES = [
    *_terms_routes(r"products/categories", lambda _: CATEGORY),
    *_terms_routes(r"products/tags", lambda _: TAG),
    Route(
        r"products/attributes",
        {
            "GET": Endpoint(list_attributes, "list"),
            "POST": Endpoint(post_attribute, "create", body=_ATTRIBUTE_BODY, required=("name",)),
        },
    ),
    Route(r"products/attributes/batch", editing(Endpoint(batch_attributes, "batch"))),
    Route(
        r"products/attributes/(\d+)",
        {
            "GET": Endpoint(get_attribute, "view"),
            **editing(
                Endpoint(lambda call: Answer(_change_attribute(call, call.id, call.body)), "edit", body=_ATTRIBUTE_BODY)
            ),
            "DELETE": Endpoint(
                lambda call: Answer(_by_force(call, lambda: _delete_attribute(call, call.id))), "delete"
            ),
        },
    ),
    *_terms_routes(r"products/attributes/(\d+)/terms", _taxonomy_of_attribute),
]
