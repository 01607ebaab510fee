"""REST addresses of webhooks; its `ROUTES` are served by `app`."""

import re

from sandbox.shop import dates
from sandbox.shop import schema as check
from sandbox.shop.api_orders import match_ids
from sandbox.shop.delivery import ping
from sandbox.shop.entities import Webhook
from sandbox.shop.errors import RestError, invalid_id
from sandbox.shop.order_json import self_link
from sandbox.shop.routing import Answer, Call, Endpoint, Route, editing, page_of
from sandbox.shop.wire import JSONDict, to_int

HOOKS = {
    "coupon.created": ["woocommerce_process_shop_coupon_meta", "woocommerce_new_coupon"],
    "coupon.updated": ["woocommerce_process_shop_coupon_meta", "woocommerce_update_coupon"],
    "coupon.deleted": ["wp_trash_post"],
    "coupon.restored": ["untrashed_post"],
    "customer.created": ["user_register", "woocommerce_created_customer", "woocommerce_new_customer"],
    "customer.updated": ["profile_update", "woocommerce_update_customer"],
    "customer.deleted": ["delete_user"],
    "order.created": ["woocommerce_new_order"],
    "order.updated": ["woocommerce_update_order", "woocommerce_order_refunded"],
    "order.deleted": ["wp_trash_post", "woocommerce_trash_order"],
    "order.restored": ["untrashed_post", "woocommerce_untrash_order"],
    "product.created": [
        *("woocommerce_process_product_meta", "woocommerce_new_product", "woocommerce_new_product_variation")
    ],
    "product.updated": [
        *("woocommerce_process_product_meta", "woocommerce_update_product"),
        "woocommerce_update_product_variation",
    ],
    "product.deleted": ["wp_trash_post"],
    "product.restored": ["untrashed_post"],
}
_BODY: check.Schema = {
    "name": check.text,
    "topic": check.text,
    "status": check.one_of("active", "paused", "disabled"),
    "secret": check.text,
    "delivery_url": check.text,
}
_LIST: check.Schema = {
    "page": check.at_least(1),
    "per_page": check.between(1, 100),
    "order": check.one_of("asc", "desc"),
    "orderby": check.one_of("date", "id", "title"),
    "status": check.one_of("all", "active", "paused", "disabled"),
    "include": check.integers,
    "exclude": check.integers,
}


def show_webhook(webhook: Webhook, *, base: str) -> JSONDict:
    """Write a webhook; secret, failure count and pending ping stay hidden."""
    resource, _, event = webhook.topic.partition(".")
    root = f"{base}/wp-json/wc/v3/webhooks"
    return {
        "id": webhook.id,
        "name": webhook.name,
        "status": webhook.status,
        "topic": webhook.topic,
        "resource": resource,
        "event": event,
        "hooks": HOOKS.get(webhook.topic, [event]),
        "delivery_url": webhook.delivery_url,
        "date_created": dates.site(webhook.created),
        "date_created_gmt": dates.gmt(webhook.created),
        "date_modified": dates.site(webhook.modified),
        "date_modified_gmt": dates.gmt(webhook.modified),
        "_links": {"self": self_link(f"{root}/{webhook.id}"), "collection": [{"href": root}]},
    }


def _find(call: Call, *, status: int = 404) -> Webhook:
    webhook = call.shop.webhooks.get(to_int(call.ids[0]))
    if webhook is None:
        raise invalid_id("shop_webhook", status=status)
    return webhook


def _check(body: JSONDict, *, is_new: bool) -> None:
    if is_new or "topic" in body:
        topic = str(body.get("topic", ""))
        if topic not in HOOKS and not re.fullmatch(r"action\.(woocommerce|wc)_\w+", topic):
            message = "Webhook topic is required and must be valid."
            raise RestError("woocommerce_rest_shop_webhook_invalid_topic", message)
    if (is_new or "delivery_url" in body) and not re.match(r"https?://", str(body.get("delivery_url", ""))):
        message = "Webhook delivery URL must be a valid URL starting with http:// or https://."
        raise RestError("woocommerce_rest_shop_webhook_invalid_delivery_url", message)


def list_webhooks(call: Call) -> Answer:
    """Answer a page of webhooks."""
    status = call.query.get("status", "all")
    found = [w for w in call.shop.webhooks.values() if status in {"all", w.status} and match_ids(call.query, w.id)]
    found.sort(key=lambda w: w.created, reverse=call.query.get("order", "desc") == "desc")
    return page_of(call, found, show=lambda w: show_webhook(w, base=call.base))


def get_webhook(call: Call) -> Answer:
    """Answer one webhook."""
    return Answer(show_webhook(_find(call), base=call.base))


def post_webhook(call: Call) -> Answer:
    """Create a webhook and ping its address; it is created whatever the ping says."""
    _check(call.body, is_new=True)
    shop, body, now = call.shop, call.body, call.shop.clock()
    local = now.astimezone(dates.SITE_TIME).strftime("%b %d, %Y @ %I:%M %p")
    secret = str(body.get("secret", ""))
    webhook = Webhook(
        id=shop.next("webhook"),
        name=str(body.get("name") or f"Webhook created on {local}"),
        topic=str(body["topic"]),
        delivery_url=str(body["delivery_url"]),
        secret=secret if secret not in {"", "0"} else shop.random_text(50),
        created=now,
        modified=now,
        status=str(body.get("status", "active")),
    )
    shop.webhooks[webhook.id] = webhook
    answer = Answer(show_webhook(webhook, base=call.base), 201)
    answer.headers["Location"] = f"{call.base}/wp-json/wc/v3/webhooks/{webhook.id}"
    answer.after = lambda: _first_ping(call, webhook)
    return answer


def _first_ping(call: Call, webhook: Webhook) -> None:
    """Ping outside the lock, but before the answer goes back: the receiver may ask the shop meanwhile."""
    is_answered = ping(webhook.id, webhook.delivery_url)
    with call.shop.lock:
        webhook.is_ping_pending = not is_answered


def put_webhook(call: Call) -> Answer:
    """Change a webhook; setting it active again leaves its failure count, and sends no new ping."""
    webhook = _find(call, status=400)
    _check(call.body, is_new=False)
    for name in ("name", "topic", "status", "delivery_url"):
        if name in call.body:
            setattr(webhook, name, str(call.body[name]))
    if call.body.get("secret"):
        webhook.secret = str(call.body["secret"])
    webhook.modified = call.shop.clock()
    return Answer(show_webhook(webhook, base=call.base))


def delete_webhook(call: Call) -> Answer:
    """Delete a webhook; only `force` can. What waits for it is not sent any more."""
    if not call.flag("force"):
        message = "Webhooks do not support trashing."
        raise RestError("woocommerce_rest_trash_not_supported", message, status=501)
    webhook = _find(call)
    del call.shop.webhooks[webhook.id]
    return Answer(show_webhook(webhook, base=call.base))


ROUTES = [
    Route(
        r"webhooks",
        {
            "GET": Endpoint(list_webhooks, "list", query=_LIST),
            "POST": Endpoint(post_webhook, "create", body=_BODY),
        },
    ),
    Route(
        r"webhooks/(\d+)",
        {
            "GET": Endpoint(get_webhook, "view"),
            **editing(Endpoint(put_webhook, "edit", body=_BODY)),
            "DELETE": Endpoint(delete_webhook, "delete"),
        },
    ),
]
