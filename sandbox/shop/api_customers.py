"""REST addresses of customers; its `ROUTES` are served by `app`."""

from sandbox.shop import schema as check
from sandbox.shop.api_orders import match_ids
from sandbox.shop.batch import BatchActions, run_batch
from sandbox.shop.customers import check_fields, create_customer, delete_customer, show_customer, update_customer
from sandbox.shop.entities import Customer
from sandbox.shop.errors import RestError
from sandbox.shop.routing import Answer, Call, Endpoint, Route, editing, page_of
from sandbox.shop.wire import JSONDict, to_int

_LIST: check.Schema = {
    "page": check.at_least(1),
    "per_page": check.between(1, 100),
    "order": check.one_of("asc", "desc"),
    "orderby": check.one_of("id", "include", "name", "registered_date"),
    "include": check.integers,
    "exclude": check.integers,
    "role": check.one_of("all", "customer"),
}
_BODY: check.Schema = {
    "email": check.text,
    "first_name": check.text,
    "last_name": check.text,
    "billing": check.mapping,
    "shipping": check.mapping,
    "meta_data": check.objects,
}


def _find(call: Call, *, status: int = 404) -> Customer:
    return _numbered(call, to_int(call.ids[0]), status=status)


def _numbered(call: Call, number: int, *, status: int) -> Customer:
    customer = call.shop.customers.get(number)
    if customer is None:
        raise RestError("woocommerce_rest_invalid_id", "Invalid resource ID.", status=status)
    return customer


def list_customers(call: Call) -> Answer:
    """Answer a page of customers; there is no filter by date of change."""
    query = call.query
    email, words = str(query.get("email", "")).lower(), str(query.get("search", "")).lower()
    found = [
        c
        for c in call.shop.customers.values()
        if match_ids(query, c.id)
        and email in {"", c.email.lower()}
        and words in f"{c.email} {c.first_name} {c.last_name} {c.username}".lower()
    ]
    by = {"id": lambda c: c.id, "registered_date": lambda c: c.created}.get(
        query.get("orderby", "name"), lambda c: f"{c.first_name} {c.last_name}".lower()
    )
    found.sort(key=by, reverse=query.get("order", "asc") == "desc")
    return page_of(call, found, show=lambda c: show_customer(c, base=call.base))


def get_customer(call: Call) -> Answer:
    """Answer one customer."""
    return Answer(show_customer(_find(call), base=call.base))


def post_customer(call: Call) -> Answer:
    """Register a customer."""
    check_fields(call.shop, call.body)
    customer = create_customer(call.shop, call.body)
    url = f"{call.base}/wp-json/wc/v3/customers/{customer.id}"
    return Answer(show_customer(customer, base=call.base), 201, {"Location": url})


def put_customer(call: Call) -> Answer:
    """Change a customer."""
    customer = _find(call, status=400)
    check_fields(call.shop, call.body)
    update_customer(call.shop, customer, call.body)
    return Answer(show_customer(customer, base=call.base))


def delete(call: Call) -> Answer:
    """Delete a customer; only `force` can."""
    if not call.flag("force"):
        message = "Customers do not support trashing."
        raise RestError("woocommerce_rest_trash_not_supported", message, status=501)
    customer = _find(call)
    shown = show_customer(customer, base=call.base)
    delete_customer(call.shop, customer)
    return Answer(shown)


def batch(call: Call) -> Answer:
    """Create, change and delete accounts, each by itself."""

    def create(element: JSONDict) -> JSONDict:
        check_fields(call.shop, element)
        return show_customer(create_customer(call.shop, element), base=call.base)

    def update(number: int, element: JSONDict) -> JSONDict:
        customer = _numbered(call, number, status=400)
        check_fields(call.shop, element)
        update_customer(call.shop, customer, element)
        return show_customer(customer, base=call.base)

    def remove(number: int) -> JSONDict:
        customer = _numbered(call, number, status=404)
        shown = show_customer(customer, base=call.base)
        delete_customer(call.shop, customer)
        return shown

    return run_batch(call, BatchActions(create=create, update=update, delete=remove))


ROUTES = [
    Route(r"customers/batch", editing(Endpoint(batch, "batch"))),
    Route(
        r"customers",
        {
            "GET": Endpoint(list_customers, "list", query=_LIST),
            "POST": Endpoint(post_customer, "create", body=_BODY, required=("email",)),
        },
    ),
    Route(
        r"customers/(\d+)",
        {
            "GET": Endpoint(get_customer, "view"),
            **editing(Endpoint(put_customer, "edit", body=_BODY)),
            "DELETE": Endpoint(delete, "delete"),
        },
    ),
]
