"""The Flask application of the sandbox shop: REST, control and book; made by `sandbox.__main__`, tests and bench."""

import contextlib
import re
import socket
from http import HTTPStatus
from typing import Any

from flask import Flask, Response, copy_current_request_context, request
from werkzeug.datastructures import Headers

from sandbox.clock import Clock, SystemClock
from sandbox.late import LateWork
from sandbox.serving import SOCKET_KEY
from sandbox.shop import api_customers, api_orders, api_products, api_shop, api_terms, api_webhooks
from sandbox.shop.auth import Nonces, Signed, authenticate, check_permission
from sandbox.shop.control import make_control
from sandbox.shop.dispatcher import Dispatcher
from sandbox.shop.errors import RestError, no_route
from sandbox.shop.faults import NOT_DONE, Fault, Faults
from sandbox.shop.query import php_pairs, php_query
from sandbox.shop.routing import Answer, Call, dispatch, read_body
from sandbox.shop.state import Shop
from sandbox.shop.wire import JSONDict, encode
from sandbox.shop.writes import note_write

API = "/wp-json/wc/v3"
_NUMBER = re.compile(r"\d+")
_METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]
_NO_CACHE = {
    "Expires": "Wed, 11 Jan 1984 05:00:00 GMT",
    "Cache-Control": "no-cache, must-revalidate, max-age=0, no-store, private",
}
REFUSALS = {
    Fault.HTTP_400: RestError("rest_invalid_param", "Invalid parameter(s): meta_data", status=400),
    Fault.HTTP_401: RestError("woocommerce_rest_cannot_edit", "Sorry, you are not allowed to edit this.", status=401),
}
"""What the shop itself says, as JSON; all other faults come from the web server in front of it."""
ROUTES = [
    *api_orders.ROUTES,
    *api_shop.ROUTES,
    *api_products.ROUTES,
    *api_terms.ROUTES,
    *api_customers.ROUTES,
    *api_webhooks.ROUTES,
]


class RestResponse(Response):
    """A response that leaves its `Location` alone: the shop sends one that is no valid address (refunds)."""

    def get_wsgi_headers(self, environ: dict[str, Any]) -> Headers:
        """Return the headers, `Location` as set."""
        headers = super().get_wsgi_headers(environ)
        if "Location" in self.headers:
            headers["Location"] = self.headers["Location"]
        return headers


def create_app(*, seed: int, clock: Clock | None = None) -> Flask:
    """Make the shop with its state and delivery thread; serve it threaded, in one process.

    Args:
        seed: makes order keys, stories and faults repeatable.
        clock: the machine's when left out.
    """
    clock = clock or SystemClock()
    shop = Shop(seed=seed, clock=lambda: clock.now().replace(microsecond=0))
    dispatcher, faults, nonces = Dispatcher(shop), Faults(seed=seed, clock=clock), Nonces()
    late = LateWork(clock)
    app = Flask(__name__)
    app.extensions["shop"] = shop
    app.extensions["dispatcher"] = dispatcher
    app.register_blueprint(make_control(shop, dispatcher=dispatcher, faults=faults, late=late))

    @app.route(f"{API}/<path:path>", methods=_METHODS)
    def rest(path: str) -> Response:
        def work() -> Response:
            return _serve(shop, dispatcher=dispatcher, nonces=nonces, path=path.rstrip("/"))

        takes_s = faults.takes_s(_elements(path))
        if faults.is_cut_off(takes_s):
            if not faults.plan.cut_ends:
                late.leave(copy_current_request_context(work), after_s=takes_s)
            return _cut_off(faults, clock=clock)
        fault = _hold_up(faults, path, takes_s=takes_s, clock=clock)
        if fault in REFUSALS:
            refusal = REFUSALS[fault]
            return _respond(Answer(refusal.body(), refusal.status), call=_call(shop, path), allow="", is_known=False)
        if fault in NOT_DONE:
            return _sick(NOT_DONE[fault], faults)
        return _spoil(work(), fault, faults=faults, clock=clock)

    @app.route("/wp-json/", methods=_METHODS)
    @app.route("/wp-json/<path:path>", methods=_METHODS)
    def elsewhere(path: str = "") -> Response:
        """Answer the index, which needs no key, and refuse other name spaces."""
        call = _call(shop, path)
        answer = Answer(_index(call)) if path == "" else Answer(no_route().body(), 404)
        return _respond(answer, call=call, allow="GET" if path == "" else "", is_known=False)

    @app.route("/", methods=_METHODS)
    def plain_permalinks() -> Response:
        """Answer the address form `/?rest_route=`, where keys are not looked at."""
        path = str(request.args.get("rest_route", "")).removeprefix("/wc/v3/").strip("/")
        call = _call(shop, path)
        try:
            answer, _ = dispatch(ROUTES, call, raw_body=request.get_data(), is_known=False)
        except RestError as error:
            answer = Answer(error.body(), error.status)
        return _respond(answer, call=call, allow="", is_known=False)

    return app


def _index(call: Call) -> JSONDict:
    return {
        "name": "Sandbox shop",
        "description": "",
        "url": call.shop.settings.home_url,
        "home": call.shop.settings.home_url,
        "gmt_offset": 1,
        "timezone_string": "Europe/Zagreb",
        "namespaces": ["oembed/1.0", "wc/v1", "wc/v2", "wc/v3", "wc/store/v1", "wp/v2"],
    }


def _elements(path: str) -> int:
    """Count the elements of a batch; anything else has none."""
    if not path.endswith("/batch"):
        return 0
    try:
        body = read_body(request.get_data())
    except RestError:
        return 0
    parts = (body.get(name) for name in ("create", "update", "delete"))
    return sum(len(part) for part in parts if isinstance(part, list))


def _cut_off(faults: Faults, *, clock: Clock) -> Response:
    """Give up as the web server in front does; whether the shop goes on or is ended too, it does not know."""
    faults.count(Fault.HTTP_504)
    clock.sleep(faults.plan.cut_s)
    return _sick(504, faults)


def _hold_up(faults: Faults, path: str, *, takes_s: float, clock: Clock) -> Fault | None:
    if takes_s:
        clock.sleep(takes_s)
    return Fault.HTTP_503 if faults.is_outage() else faults.draw(request.method, path)


def _spoil(response: Response, fault: Fault | None, *, faults: Faults, clock: Clock) -> Response:
    """Keep the answer of work that was done from whoever waits for it, or let it come late."""
    if fault is Fault.LATE_ANSWER:
        return _sick(504, faults)
    if fault is Fault.DROP_AFTER_COMMIT:
        _drop()
    elif fault is Fault.HANG:
        clock.sleep(faults.plan.hang_s)
    return response


def _is_https(shop: Shop) -> bool:
    forwarded = request.headers.get("X-Forwarded-Proto", "").lower() == "https"
    return request.is_secure or (shop.settings.trust_forwarded_proto and forwarded)


def _call(shop: Shop, path: str) -> Call:
    base = f"{'https' if _is_https(shop) else 'http'}://{request.host}"
    query = php_query(request.query_string.decode("utf-8", "replace"))
    query = {
        k: v for k, v in query.items() if not k.startswith("oauth_") and k not in {"consumer_key", "consumer_secret"}
    }
    method = "GET" if request.method == "HEAD" else request.method
    return Call(shop, base, method, path, query)


def _serve(shop: Shop, *, dispatcher: Dispatcher, nonces: Nonces, path: str) -> Response:
    call = _call(shop, path)
    raw_body = request.get_data()
    is_known, allow = False, ""
    with shop.lock:
        shop.tally.calls[f"{call.method} {_NUMBER.sub('<id>', path)}"] += 1
        try:
            is_known = _authenticate(shop, call, nonces)
            answer, allow = dispatch(ROUTES, call, raw_body=raw_body, is_known=is_known)
            note_write(call, answer)
        except RestError as error:
            answer = Answer(error.body(), error.status)
        dispatcher.queue_events()
    if answer.after:
        answer.after()
    return _respond(answer, call=call, allow=allow, is_known=is_known)


def _authenticate(shop: Shop, call: Call, nonces: Nonces) -> bool:
    signed = Signed(
        method=request.method,
        url=f"{call.base}{request.path}",
        is_https=_is_https(shop),
        pairs=tuple(php_pairs(request.query_string.decode("utf-8", "replace"))),
        authorization=request.headers.get("Authorization", ""),
    )
    key = authenticate(signed, nonces=nonces, allow_basic_over_http=shop.settings.allow_basic_over_http)
    if key is None:
        return False
    check_permission(key, request.method)
    return True


def _respond(answer: Answer, *, call: Call, allow: str, is_known: bool) -> Response:
    headers = {
        "Content-Type": "application/json; charset=UTF-8",
        "Link": f'<{call.base}/wp-json/>; rel="https://api.w.org/"',
        "Access-Control-Expose-Headers": "X-WP-Total, X-WP-TotalPages, Link",
        **({"Allow": allow} if allow else {}),
        **(_NO_CACHE if is_known else {}),
        **answer.headers,
    }
    return RestResponse(encode(answer.body), status=answer.status, headers=headers)


def _sick(status: int, faults: Faults) -> Response:
    """Answer as the web server before the shop would: HTML, and nothing was done."""
    name = f"{status} {HTTPStatus(status).phrase}"
    page = f"<html><head><title>{name}</title></head><body><h1>{name}</h1></body></html>"
    headers = {"Retry-After": str(faults.plan.retry_after_s)} if status in {429, 503} else {}
    return Response(page, status=status, headers=headers, content_type="text/html")


def _drop() -> None:
    """Close the connection before the answer is written: the client cannot know that the work was done."""
    connection = request.environ.get(SOCKET_KEY)
    if connection is not None:
        with contextlib.suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)
