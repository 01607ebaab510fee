"""The receiver as gunicorn serves it: `webhook_receiver.wsgi:app`, made anew in each process after the fork."""

from __future__ import annotations

import atexit
from collections.abc import Mapping
from functools import partial

import redis
from flask import Flask

from connector.broker import enqueue_within_room, make_app
from connector.errors import RemoteUnavailableError
from connector.flows.registry import flow_for_topic
from connector.ledger.dispatch import due_by_pool
from connector.ledger.inbox import record_delivery
from connector.ledger.session import tried_twice
from connector.runtime import Runtime
from connector.settings import environment, read_settings
from webhook_receiver.app import create_app
from webhook_receiver.ion_wiring import ion_parts
from webhook_receiver.publisher import Publisher
from webhook_receiver.routes import Parts


def compose(runtime: Runtime, publisher: Publisher, *, multiprocess_dir: str | None) -> Flask:
    """Returns the app over a runtime and a publisher."""

    def due() -> Mapping[str, tuple[int, float]]:
        return tried_twice(runtime.engine, due_by_pool)

    def check_broker() -> None:
        try:
            runtime.redis.ping()
        except redis.RedisError:
            raise RemoteUnavailableError("The message broker cannot be reached.") from None

    parts = Parts(
        secret=runtime.webhook_secret,
        record=partial(record_delivery, runtime.engine),
        offer=publisher.offer,
        flow_for_topic=flow_for_topic,
        check_ledger=due,
        check_broker=check_broker,
    )
    return create_app(
        parts, due_by_pool=due, ion=ion_parts(runtime, publisher.offer), multiprocess_dir=multiprocess_dir
    )


def _make() -> Flask:
    settings = read_settings()
    broker = make_app(settings.redis_url)
    runtime = Runtime(settings, single_statements=True)
    publisher = Publisher(partial(enqueue_within_room, broker, runtime.redis, runtime.engine))
    atexit.register(publisher.stop)
    return compose(runtime, publisher, multiprocess_dir=environment().get("PROMETHEUS_MULTIPROC_DIR") or None)


app = _make()
