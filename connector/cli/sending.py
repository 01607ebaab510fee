"""Sends what a command made due to the pools; used by `sync` and `reconcile`."""

from __future__ import annotations

from collections.abc import Sequence

from connector.broker import enqueue_within_room, make_app
from connector.cli.output import warn
from connector.errors import ConnectorError
from connector.ledger.dispatch import DueMessage
from connector.runtime import Runtime


def send_messages(runtime: Runtime, messages: Sequence[DueMessage]) -> None:
    """Sends messages; what is not sent here goes out by the sweeper, so a dead broker is only worth a warning."""
    if not messages:
        return
    broker = make_app(runtime.settings.redis_url)
    try:
        enqueue_within_room(broker, runtime.redis, runtime.engine, messages)
    except ConnectorError as error:
        warn(f"{error.message} The exchanges are stored and will be sent once it is back.")
    finally:
        broker.close()
