"""Makes the receiver's Flask app; called by webhook_receiver/wsgi.py, the tests and the bench."""

from __future__ import annotations

import structlog
from flask import Flask, Response
from werkzeug.exceptions import HTTPException

from connector.logs import places_of
from webhook_receiver.ion_routes import IonParts, make_ion_routes
from webhook_receiver.metrics import DueByPool, Metrics
from webhook_receiver.routes import Parts, make_routes

LOG = structlog.get_logger()


def create_app(
    parts: Parts, *, due_by_pool: DueByPool, ion: IonParts | None = None, multiprocess_dir: str | None = None
) -> Flask:
    """Returns the app.

    Args:
        parts: What the routes need, made for this process.
        ion: What the routes for messages of M3 need; None leaves them out.
        due_by_pool: Figures of the ledger for /metrics.
        multiprocess_dir: Where the processes of one server share their counters; None for one process.
    """
    app = Flask("webhook_receiver", static_folder=None)
    # A redirect would count as delivered with the shop, and nothing would be stored.
    app.url_map.strict_slashes = False
    app.url_map.merge_slashes = False
    metrics = Metrics(due_by_pool=due_by_pool, multiprocess_dir=multiprocess_dir)
    app.register_blueprint(make_routes(parts, metrics))
    if ion is not None:
        app.register_blueprint(make_ion_routes(ion, metrics))
    app.register_error_handler(HTTPException, _answer_plainly)
    app.register_error_handler(Exception, _answer_bug)
    return app


def _answer_plainly(error: HTTPException) -> Response:
    return Response(status=error.code or 500)


def _answer_bug(error: Exception) -> Response:
    """Answers 500 for what is a mistake of ours; the log has the traceback, the sender learns nothing."""
    LOG.error("receiver_bug", error=type(error).__name__, exception=places_of(error))
    return Response(status=500)
