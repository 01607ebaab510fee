"""The Flask application of the sandbox M3/ION; `python -m sandbox`, tests and benches run it."""

from collections.abc import Callable, Mapping

from flask import Flask, Response, jsonify, request
from werkzeug.exceptions import HTTPException

from sandbox.clock import Clock, SystemClock
from sandbox.m3.book import book
from sandbox.m3.book_parts import DEFAULT_LIMIT, book_part
from sandbox.m3.calls import Call, parse_bulk, parse_get
from sandbox.m3.control import make_control
from sandbox.m3.envelope import Answer
from sandbox.m3.gateway import ConnectionCut, Gateway
from sandbox.m3.site import Site
from sandbox.m3.tokens import TENANT, Refused
from sandbox.serving import SOCKET_KEY

EXECUTE = f"/{TENANT}/M3/m3api-rest/v2/execute"


def create_app(*, seed: int, clock: Clock | None = None) -> Flask:
    """Make an M3 of its own, in memory, that begins as the seed says; without a clock it has the machine's."""
    app = Flask(__name__)
    app.json.sort_keys = False  # type: ignore[attr-defined]  # the published envelopes have an order of their own
    app.json.ensure_ascii = False  # type: ignore[attr-defined]  # M3 sends UTF-8
    app.json.mimetype = "application/json; charset=UTF-8"  # type: ignore[attr-defined]  # as in the recorded headers
    site = Site(seed, clock or SystemClock())
    app.extensions["site"] = site
    _route_tokens(app, site)
    _route_execute(app, Gateway(site))
    app.register_blueprint(make_control(site))

    @app.get("/_book")
    def show_book() -> Response:
        part = request.args.get("part", "")
        if not part:
            return jsonify(book(site.state))
        limit = request.args.get("limit", DEFAULT_LIMIT, type=int)
        try:
            return jsonify(book_part(site.state, part, start=request.args.get("from", ""), limit=max(limit, 1)))
        except ValueError as error:
            return _json(Answer(400, {"error": str(error)}))

    @app.errorhandler(HTTPException)
    def refuse(error: HTTPException) -> Response:
        # The gateway's own bodies (404, 405 ...) are not published: a client must not need one.
        return _bare(error.code or 500, {})

    return app


def _route_tokens(app: Flask, site: Site) -> None:
    @app.post(f"/{TENANT}/as/token.oauth2")
    def token() -> Response:
        settings = site.faults.settings
        granted = site.tokens.grant(
            request.form,
            basic=_basic(),
            expires_in_s=settings.expires_in_s,
            with_refresh=settings.refresh_tokens,
        )
        if isinstance(granted, Refused):
            refusal = {"error": granted.error, "error_description": granted.description}
            return _json(Answer(granted.status, refusal))
        return _json(Answer(200, granted))

    @app.post(f"/{TENANT}/as/revoke_token.oauth2")
    def revoke() -> Response:
        site.tokens.revoke(request.form.get("token", ""))
        return Response(status=200)


def _route_execute(app: Flask, gateway: Gateway) -> None:
    @app.get(f"{EXECUTE}/<program>/<transaction>")
    def execute_one(program: str, transaction: str) -> Response:
        return _carry(gateway, lambda: parse_get(program, transaction, request.args))

    @app.post(EXECUTE)
    def execute_bulk() -> Response:
        return _carry(gateway, lambda: parse_bulk(request.get_data()))


def _carry(gateway: Gateway, read: Callable[[], Call]) -> Response:
    try:
        done = gateway.handle(read, token=_bearer(), connection=request.environ.get(SOCKET_KEY))
    except ConnectionCut:
        return Response(status=502)
    return _json(done) if done.body else _bare(done.status, done.headers)


def _json(done: Answer) -> Response:
    response = jsonify(done.body)
    response.status_code = done.status
    return response


def _bare(status: int, headers: Mapping[str, str]) -> Response:
    response = Response(status=status, headers=dict(headers))
    del response.headers["Content-Type"]
    return response


def _bearer() -> str:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token if scheme == "Bearer" else ""


def _basic() -> tuple[str, str] | None:
    sent = request.authorization
    if sent is None or sent.type != "basic":
        return None
    return sent.username or "", sent.password or ""
