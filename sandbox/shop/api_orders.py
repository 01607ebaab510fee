"""REST addresses of orders, notes and refunds; its `ROUTES` are served by `app`."""

from collections.abc import Iterable
from typing import Any

from sandbox.shop import schema as check
from sandbox.shop.batch import BatchActions, run_batch
from sandbox.shop.catalogue import read_json
from sandbox.shop.dates import is_after, is_before
from sandbox.shop.entities import STATUSES, Note, Order, Refund
from sandbox.shop.errors import RestError, invalid_id
from sandbox.shop.order_json import show_note, show_order, show_refund
from sandbox.shop.order_status import add_note, delete_order, trash_order
from sandbox.shop.orders import create_order, update_order
from sandbox.shop.refunds import create_refund
from sandbox.shop.routing import Answer, Call, Endpoint, Route, editing, page_of
from sandbox.shop.wire import JSONDict, to_int

LIST_ARGUMENTS: check.Schema = {
    "page": check.at_least(1),
    "per_page": check.between(1, 100),
    "offset": check.integer,
    "order": check.one_of("asc", "desc"),
    "after": check.date,
    "before": check.date,
    "modified_after": check.date,
    "modified_before": check.date,
    "dates_are_gmt": check.boolean,
    "include": check.integers,
    "exclude": check.integers,
}
_ORDER_LIST: check.Schema = {
    **LIST_ARGUMENTS,
    "status": check.list_of("any", "trash", *STATUSES),
    "orderby": check.one_of("date", "id", "include", "title", "slug", "modified"),
    "customer": check.integer,
}
_REFUND_LIST: check.Schema = {**LIST_ARGUMENTS, "orderby": check.one_of("date", "id", "include", "modified")}
_ORDER_BODY: check.Schema = {
    "status": check.one_of(*STATUSES),
    "currency": check.one_of(*read_json("currencies.json")),
    "customer_id": check.integer,
    "billing": check.billing,
    "shipping": check.mapping,
    "line_items": check.objects,
    "shipping_lines": check.objects,
    "fee_lines": check.objects,
    "coupon_lines": check.objects,
    "meta_data": check.objects,
    "payment_method": check.text,
    "payment_method_title": check.text,
    "customer_note": check.text,
    "transaction_id": check.text,
    "set_paid": check.boolean,
}


def match_dates(query: JSONDict, created: Any, modified: Any) -> bool:
    """Say whether an element passes the date filters of a list."""
    is_gmt = str(query.get("dates_are_gmt", "false")).lower() in {"true", "1"}
    tests = (
        ("after", is_after, created),
        ("before", is_before, created),
        ("modified_after", is_after, modified),
        ("modified_before", is_before, modified),
    )
    return all(test(moment, str(query[name]), dates_are_gmt=is_gmt) for name, test, moment in tests if query.get(name))


def match_ids(query: JSONDict, element_id: int) -> bool:
    """Say whether an element passes `include` and `exclude`."""
    include = [to_int(i) for i in check.as_list(query.get("include", ""))]
    exclude = [to_int(i) for i in check.as_list(query.get("exclude", ""))]
    return (not include or element_id in include) and element_id not in exclude


def _find(call: Call, *, status: int = 404) -> Order:
    return _by_id(call, to_int(call.ids[0]), status=status)


def _by_id(call: Call, order_id: int, *, status: int = 404) -> Order:
    order = call.shop.orders.get(order_id)
    if order is None:
        raise invalid_id("shop_order", status=status)
    return order


def _show(call: Call, order: Order) -> JSONDict:
    return show_order(call.shop, order, base=call.base, places=to_int(call.query.get("dp", 2)))


def list_orders(call: Call) -> Answer:
    """Answer a page of orders."""
    query = call.query
    query["status"] = check.as_list(query["status"]) if query.get("status") else None
    wanted = query["status"] or ["any"]
    if query["status"] is None:
        del query["status"]
    found = [order for order in call.shop.orders.values() if _matches(order, query, wanted)]
    field = {"id": "id", "modified": "modified"}.get(query.get("orderby", "date"), "created")
    found.sort(key=lambda o: (getattr(o, field), o.id), reverse=query.get("order", "desc") == "desc")
    return page_of(
        call,
        found,
        show=lambda order: _show(call, order),
        defaults={"status": wanted},
        shown_defaults={"dp": 2, "context": "view"},
        counts_beyond=False,
    )


def _matches(order: Order, query: JSONDict, wanted: list[str]) -> bool:
    has_status = order.status in wanted or ("any" in wanted and order.status not in {"trash", "auto-draft"})
    customer = to_int(query.get("customer", order.customer_id))
    return (
        has_status
        and customer == order.customer_id
        and match_ids(query, order.id)
        and match_dates(query, order.created, order.modified)
        and _is_found(order, str(query.get("search", "")))
    )


def _is_found(order: Order, words: str) -> bool:
    haystack = [str(order.id), *order.billing.values(), *order.shipping.values(), *(i.name for i in order.lines)]
    return not words or any(words.lower() in text.lower() for text in haystack)


def get_order(call: Call) -> Answer:
    """Answer one order, also a trashed one."""
    return Answer(_show(call, _find(call)))


def post_order(call: Call) -> Answer:
    """Create an order."""
    order = create_order(call.shop, call.body)
    location = f"{call.base}/wp-json/wc/v3/orders/{order.id}"
    return Answer(_show(call, order), 201, {"Location": location})


def put_order(call: Call) -> Answer:
    """Change an order."""
    order = _find(call, status=400)
    update_order(call.shop, order, call.body)
    return Answer(_show(call, order))


def delete(call: Call) -> Answer:
    """Trash an order, or delete it for good with `force`."""
    return Answer(_delete(call, _find(call), force=call.flag("force")))


def _delete(call: Call, order: Order, *, force: bool) -> JSONDict:
    shown = _show(call, order)
    if force:
        delete_order(call.shop, order)
    else:
        trash_order(call.shop, order)
    return shown


def batch(call: Call) -> Answer:
    """Run a batch of orders."""

    def update(order_id: int, element: JSONDict) -> JSONDict:
        order = _by_id(call, order_id, status=400)
        update_order(call.shop, order, element)
        return _show(call, order)

    actions = BatchActions(
        create=lambda element: _show(call, create_order(call.shop, element)),
        update=update,
        delete=lambda order_id: _delete(call, _by_id(call, order_id), force=True),
    )
    return run_batch(call, actions)


def list_notes(call: Call) -> Answer:
    """Answer all notes, newest first, without paging."""
    order = _find(call)
    kind = call.query.get("type", "any")
    notes = [n for n in order.notes if kind == "any" or n.is_for_customer == (kind == "customer")]
    notes.sort(key=lambda note: -note.created.timestamp())
    return Answer([show_note(note, order_id=order.id, base=call.base) for note in notes])


def post_note(call: Call) -> Answer:
    """Add a note; nothing is triggered by that."""
    order = _find(call)
    note = add_note(call.shop, order, str(call.body["note"]), is_for_customer=bool(call.body.get("customer_note")))
    url = f"{call.base}/wp-json/wc/v3/orders/{order.id}/notes/{note.id}"
    return Answer(show_note(note, order_id=order.id, base=call.base), 201, {"Location": url})


def _find_note(call: Call) -> Note:
    note = next((n for n in _find(call).notes if n.id == to_int(call.ids[1])), None)
    if note is None:
        raise RestError("woocommerce_rest_invalid_id", "Invalid resource ID.", status=404)
    return note


def get_note(call: Call) -> Answer:
    """Answer one note."""
    return Answer(show_note(_find_note(call), order_id=to_int(call.ids[0]), base=call.base))


def delete_note(call: Call) -> Answer:
    """Delete a note; only `force` can."""
    if not call.flag("force"):
        message = "Webhooks do not support trashing."  # the shop's own slip, believed from memory of its source
        raise RestError("woocommerce_rest_trash_not_supported", message, status=501)
    note, order = _find_note(call), _find(call)
    order.notes.remove(note)
    return Answer(show_note(note, order_id=order.id, base=call.base))


def list_refunds(call: Call) -> Answer:
    """Answer the refunds of an order, newest first unless asked otherwise."""
    order = _find(call)
    own = _in_order(call, (r for r in call.shop.refunds.values() if r.order_id == order.id))
    return page_of(call, own, show=lambda r: show_refund(call.shop, r, base=call.base), defaults={"dp": 2})


def _in_order(call: Call, refunds: Iterable[Refund]) -> list[Refund]:
    """Sort refunds by number; by date is the same."""
    return sorted(refunds, key=lambda one: one.id, reverse=call.query.get("order", "desc") == "desc")


def all_refunds(call: Call) -> Answer:
    """Answer the refunds of all orders, newest first unless asked otherwise."""
    everything = _in_order(call, call.shop.refunds.values())
    return page_of(
        call,
        [r for r in everything if match_dates(call.query, r.created, r.created)],
        show=lambda r: show_refund(call.shop, r, base=call.base, with_parent=True),
        defaults={"dp": 2},
    )


def post_refund(call: Call) -> Answer:
    """Refund an order; the `Location` header carries the pattern of the address, as recorded."""
    refund = create_refund(call.shop, _find(call), call.body)
    url = f"{call.base}/wp-json/wc/v3/orders/(?P<order_id>[\\d]+)/refunds/{refund.id}"
    return Answer(show_refund(call.shop, refund, base=call.base), 201, {"Location": url})


def _find_refund(call: Call) -> Refund:
    order, refund = _find(call), call.shop.refunds.get(to_int(call.ids[1]))
    if refund is None or refund.order_id != order.id:
        raise RestError("woocommerce_rest_invalid_order_refund_id", "Invalid order refund ID.", status=404)
    return refund


def get_refund(call: Call) -> Answer:
    """Answer one refund."""
    return Answer(show_refund(call.shop, _find_refund(call), base=call.base))


def delete_refund(call: Call) -> Answer:
    """Delete a refund; the order does not move and nothing is delivered."""
    refund = _find_refund(call)
    if not call.flag("force"):
        message = "The shop_order_refund does not support trashing. Set force=true to delete."
        raise RestError("woocommerce_rest_trash_not_supported", message, status=501)
    del call.shop.refunds[refund.id]
    return Answer(show_refund(call.shop, refund, base=call.base))


_REFUND_BODY: check.Schema = {"amount": check.text, "reason": check.text, "line_items": check.objects}

ROUTES = [
    Route(
        r"orders",
        {
            "GET": Endpoint(list_orders, "list", query=_ORDER_LIST),
            "POST": Endpoint(post_order, "create", body=_ORDER_BODY),
        },
    ),
    Route(r"orders/batch", editing(Endpoint(batch, "batch"))),
    Route(
        r"orders/(\d+)",
        {
            "GET": Endpoint(get_order, "view"),
            **editing(Endpoint(put_order, "edit", body=_ORDER_BODY)),
            "DELETE": Endpoint(delete, "delete"),
        },
    ),
    Route(
        r"orders/(\d+)/notes",
        {
            "GET": Endpoint(list_notes, "list", query={"type": check.one_of("any", "customer", "internal")}),
            "POST": Endpoint(post_note, "create", body={"note": check.text}, required=("note",)),
        },
    ),
    Route(
        r"orders/(\d+)/notes/(\d+)",
        {"GET": Endpoint(get_note, "view"), "DELETE": Endpoint(delete_note, "delete")},
    ),
    Route(
        r"orders/(\d+)/refunds",
        {
            "GET": Endpoint(list_refunds, "list", query=_REFUND_LIST),
            "POST": Endpoint(post_refund, "create", body=_REFUND_BODY),
        },
    ),
    Route(
        r"orders/(\d+)/refunds/(\d+)",
        {"GET": Endpoint(get_refund, "view"), "DELETE": Endpoint(delete_refund, "delete")},
    ),
    Route(r"refunds", {"GET": Endpoint(all_refunds, "list", query=_REFUND_LIST)}),
]
