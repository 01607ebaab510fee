"""The table of REST addresses and how a request walks through it; filled by the api modules, called by `app`."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

from sandbox.shop.errors import RestError, no_route
from sandbox.shop.schema import Schema, as_list, validate
from sandbox.shop.state import Shop
from sandbox.shop.wire import JSONDict, pick_fields

EDIT = ("POST", "PUT", "PATCH")


@dataclass
class Call:
    """One authenticated request as a handler sees it."""

    shop: Shop
    base: str  # scheme and host as the client addressed them
    method: str
    path: str
    query: JSONDict
    body: JSONDict = field(default_factory=dict)
    ids: tuple[str, ...] = ()

    @property
    def id(self) -> int:
        """The last number in the address."""
        return int(self.ids[-1])

    def flag(self, name: str) -> bool:
        """Read a boolean of the query or body."""
        return str(self.query.get(name, self.body.get(name, False))).lower() in {"true", "1"}


@dataclass
class Answer:
    """What goes back: a JSON body, a status, further headers; `after` runs without the lock, before it goes."""

    body: Any
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    after: Callable[[], None] | None = None


Handler = Callable[[Call], Answer]


@dataclass(frozen=True)
class Endpoint:
    """A handler with what is checked before it runs.

    `action` names the permission in the refusal; `as_asked` puts `_fields` into the order they were asked in.
    """

    run: Handler
    action: str
    query: Schema = field(default_factory=dict)
    body: Schema = field(default_factory=dict)
    required: tuple[str, ...] = ()
    as_asked: bool = False


@dataclass(frozen=True)
class Route:
    """An address and what its methods do; `shown` overrules `Allow` where the sandbox does less than the shop."""

    pattern: str
    endpoints: dict[str, Endpoint]
    shown: str = ""

    @property
    def allow(self) -> str:
        """The `Allow` header, methods in WordPress's order."""
        if self.shown:
            return self.shown
        order = ("GET", "POST", "PUT", "PATCH", "DELETE")
        return ", ".join(method for method in order if method in self.endpoints)


_REFUSALS = {
    "list": ("woocommerce_rest_cannot_view", "Sorry, you cannot list resources."),
    "view": ("woocommerce_rest_cannot_view", "Sorry, you cannot view this resource."),
    "create": ("woocommerce_rest_cannot_create", "Sorry, you are not allowed to create resources."),
    "edit": ("woocommerce_rest_cannot_edit", "Sorry, you are not allowed to edit this resource."),
    "delete": ("woocommerce_rest_cannot_delete", "Sorry, you are not allowed to delete this resource."),
    "batch": (
        "woocommerce_rest_cannot_batch",
        "Sorry, you are not allowed to batch manipulate this resource.",
    ),
}


def editing(endpoint: Endpoint) -> dict[str, Endpoint]:
    """Bind an endpoint to the three methods that edit."""
    return dict.fromkeys(EDIT, endpoint)


def find_route(routes: list[Route], path: str) -> tuple[Route, tuple[str, ...]] | None:
    """Find the route of a path below `/wp-json/wc/v3/`, with the numbers in it."""
    for route in routes:
        found = re.fullmatch(route.pattern, path)
        if found:
            return route, found.groups()
    return None


def dispatch(routes: list[Route], call: Call, *, raw_body: bytes, is_known: bool) -> tuple[Answer, str]:
    """Walk a request through route, checks, permission, handler, in WordPress's order.

    Returns:
        The answer and the `Allow` header.

    Raises:
        RestError: whatever refused it.
    """
    found = find_route(routes, call.path)
    endpoint = found[0].endpoints.get(call.method) if found else None
    if found is None or endpoint is None:
        raise no_route()
    route, call.ids = found
    try:
        call.body = read_body(raw_body) if call.method in EDIT else {}
        validate(endpoint.query, call.query)
        validate(endpoint.body, call.body, required=endpoint.required)
        if not is_known:
            code, message = _REFUSALS[endpoint.action]
            raise RestError(code, message, status=401)
        return _cut(call, endpoint.run(call), as_asked=endpoint.as_asked), route.allow
    except RestError as error:
        return Answer(error.body(), error.status), route.allow if is_known else ""


def read_body(raw: bytes) -> JSONDict:
    """Read a JSON body; an empty one is an empty object.

    Raises:
        RestError: 400 `rest_invalid_json`.
    """
    if not raw.strip():
        return {}
    try:
        body = json.loads(raw)
    except ValueError as error:
        message = "Invalid JSON body passed."
        detail: JSONDict = {"json_error_code": 4, "json_error_message": "Syntax error"}
        raise RestError("rest_invalid_json", message, **detail) from error
    return body if isinstance(body, dict) else {}


def _cut(call: Call, answer: Answer, *, as_asked: bool) -> Answer:
    """Apply `_fields` to an answer."""
    fields = [str(name) for name in as_list(call.query.get("_fields", ""))]
    if not fields or answer.status >= 400:
        return answer
    if isinstance(answer.body, list):
        rows: list[JSONDict] = answer.body
        answer.body = [pick_fields(row, fields, keep_links=False, as_asked=as_asked) for row in rows]
    elif isinstance(answer.body, dict):
        answer.body = pick_fields(answer.body, fields, keep_links=True, as_asked=as_asked)
    return answer


def page_of(
    call: Call,
    items: list[Any],
    *,
    show: Callable[[Any], JSONDict],
    defaults: JSONDict | None = None,
    shown_defaults: JSONDict | None = None,
    counts_beyond: bool = True,
) -> Answer:
    """Answer one page of a list with its paging headers.

    Args:
        defaults: arguments WordPress adds to the paging links.
        shown_defaults: those it adds only if the page has elements.
        counts_beyond: whether a page after the last still reports the real total (orders do not).
    """
    size, page = int(call.query.get("per_page", 10)), int(call.query.get("page", 1))
    start = int(call.query["offset"]) if "offset" in call.query else (page - 1) * size
    rows = items[start : start + size]
    total = len(items) if rows or counts_beyond else 0
    pages = -(-total // size)
    headers = {"X-WP-Total": str(total), "X-WP-TotalPages": str(pages)}
    added = {**(defaults or {}), **((shown_defaults or {}) if rows else {})}
    link = _links(call, page=page, pages=pages, added=added)
    if link:
        headers["Link"] = link
    return Answer([show(row) for row in rows], headers=headers)


def _links(call: Call, *, page: int, pages: int, added: JSONDict) -> str:
    parts = []
    if page > 1:
        parts.append((min(page - 1, pages), "prev"))
    if pages > page:
        parts.append((page + 1, "next"))
    return ", ".join(f'<{_page_url(call, number, added)}>; rel="{rel}"' for number, rel in parts)


def _page_url(call: Call, page: int, added: JSONDict) -> str:
    query = {**call.query, **({"page": page} if "page" in call.query else {})}
    query = {**query, **{k: v for k, v in added.items() if k not in query}, "page": page}
    pieces: list[str] = []
    for name, value in query.items():
        if isinstance(value, list):
            pieces += [urlencode({f"{name}[{i}]": one}) for i, one in enumerate(value)]
        else:
            pieces.append(urlencode({name: value}) if value != "" else quote(name))
    return f"{call.base}/wp-json/wc/v3/{call.path}?{'&'.join(pieces)}"
