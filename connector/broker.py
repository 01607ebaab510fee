"""The producing side of Celery: sends the number of an exchange to its pool, after the commit. Called by everyone above flows.

A message is only a hint: what is lost here, the sweeper sends. So a send never waits long, and never in a request.
"""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Sequence

import redis
from celery import Celery
from kombu.entity import Exchange, Queue
from kombu.exceptions import OperationalError

from connector.errors import RemoteUnavailableError
from connector.ledger.dispatch import DueMessage, leave_to_sweeper
from connector.ledger.session import Ledger, transaction

QUEUES = ("orders", "customers", "catalog", "inventory", "finance", "status", "system", "polls", "dead_letter")
NOT_OF_EXCHANGES = ("system", "polls", "dead_letter")
"""Queues of the connector's own tasks. Whatever may have to wait for a shop is in `polls`, never in `system`."""

MARK = "connector:messages"
"""A key that goes with the messages when the broker is emptied."""

RUN_TASK = "exchange.run"
ALERT_TASK = "exchange.alert"
JOB_TASK = "job"

TARGET_DEPTH = 200
"""How many messages a queue is filled up to: enough for many workers, few enough that it is short for every store."""

TASK_HARD_LIMIT_S = 600
"""No run takes this long: at most ten remote calls, each cut at 65 s."""


def _queue(name: str) -> Queue:
    return Queue(name, Exchange(name), routing_key=name)  # type: ignore[no-untyped-call] # kombu ships no types


def make_app(redis_url: str) -> Celery:
    """Builds a Celery app that can send; workers/app.py adds what only a worker needs.

    Args:
        redis_url: Redis or Valkey; carries messages and rate limits only, flushing it loses nothing.
    """
    app = Celery("connector", broker=redis_url)
    app.conf.update(
        # One line of messages per pool; a queue nobody declared would be filled and never read.
        task_queues=[_queue(name) for name in QUEUES],
        task_create_missing_queues=False,
        task_default_queue="system",
        # The state of work is in the ledger; results in Redis would only fill it (celery #7801).
        task_ignore_result=True,
        task_serializer="json",
        accept_content=["json"],
        # Redelivery of what a killed worker held: just over the hard limit, looked for every 5 s (kombu 5.7 docs; with
        # the default throttle a 10 s timeout took 100 s). The lease in the ledger brings work back sooner anyway.
        broker_transport_options={
            "visibility_timeout": TASK_HARD_LIMIT_S + 60,
            "unacked_restore_interval": 5,
            "unacked_restore_throttle": 1,
            # A dead broker must be noticed, not waited for (celery #6911).
            "socket_timeout": 5,
            "socket_connect_timeout": 2,
            "socket_keepalive": True,
            "health_check_interval": 10,
            "max_retries": 1,
        },
        broker_connection_retry_on_startup=True,
        broker_pool_limit=2,
        # A send is tried once; the sweeper is the retry.
        task_publish_retry=False,
        # UTC everywhere; no local clock takes part in any decision.
        enable_utc=True,
        timezone="UTC",
    )
    return app


def enqueue_all(app: Celery, messages: Sequence[DueMessage]) -> None:
    """Sends exchanges to their pools, over one connection.

    Each task id is new: a revoked or expired stable id would be thrown away silently for ever.

    Raises:
        RemoteUnavailableError: The broker is away; the sweeper will send what was not taken.
    """
    calls = [
        (RUN_TASK, one.exchange_id, one.pool, f"{one.exchange_id}.{one.claim_no + 1}.{secrets.token_hex(4)}")
        for one in messages
    ]
    _send(app, calls)


def enqueue_first(app: Celery, client: redis.Redis, messages: Sequence[DueMessage]) -> None:
    """Sends exchanges to the heads of their queues, whatever else waits there; for those whose worker was killed.

    There are never more of them than worker processes. If another sender comes in between, its message goes first instead.

    Raises:
        RemoteUnavailableError: The broker is away; the sweeper will send what was not taken.
    """
    for one in messages:
        enqueue_all(app, [one])
        try:
            client.lmove(one.pool, one.pool, "LEFT", "RIGHT")  # kombu puts in on the left and takes out on the right
        except redis.RedisError as error:
            raise _broker_away() from error


def queue_room(client: redis.Redis, pool: str) -> int:
    """Returns how many messages a queue (a Redis list of its name) still takes.

    Raises:
        RemoteUnavailableError: The broker is away.
    """
    try:
        return max(0, TARGET_DEPTH - int(client.llen(pool)))
    except redis.RedisError as error:
        raise _broker_away() from error


def was_emptied(client: redis.Redis) -> bool:
    """Tells whether the broker was flushed, or came back without its data, since `mark`: no message sent before is in it.

    Raises:
        RemoteUnavailableError: The broker is away.
    """
    try:
        return not client.exists(MARK)
    except redis.RedisError as error:
        raise _broker_away() from error


def mark(client: redis.Redis) -> None:
    """Leaves the mark by which `was_emptied` tells; call it when what was lost is to be sent again.

    Raises:
        RemoteUnavailableError: The broker is away.
    """
    try:
        client.set(MARK, 1)
    except redis.RedisError as error:
        raise _broker_away() from error


def enqueue_within_room(app: Celery, client: redis.Redis, ledger: Ledger, messages: Sequence[DueMessage]) -> None:
    """Sends what the queues have room for and leaves the rest to the sweeper; for whoever may have very many.

    A queue is served in the order it was filled, so a flooded store would hold up all others; the sweeper sends in turn
    over stores, the oldest first.

    Raises:
        RemoteUnavailableError: The broker is away; the sweeper will send what was not taken.
        LedgerUnavailableError: The database is down; nothing was sent.
    """
    rooms = {pool: queue_room(client, pool) for pool in {one.pool for one in messages}}
    taken: Counter[str] = Counter()
    fitting: list[DueMessage] = []
    left: list[DueMessage] = []
    for one in messages:
        taken[one.pool] += 1
        (fitting if taken[one.pool] <= rooms[one.pool] else left).append(one)
    if left:
        with transaction(ledger) as connection:
            leave_to_sweeper(connection, [one.exchange_id for one in left])
    enqueue_all(app, fitting)


def enqueue_alert(app: Celery, exchange_id: int) -> None:
    """Sends a dead letter to the queue whose consumer alerts; it tells of all nobody was told of (0: no one in particular).

    Raises:
        RemoteUnavailableError: The broker is away; the sweeper alerts instead.
    """
    _send(app, [(ALERT_TASK, exchange_id, "dead_letter", f"{exchange_id}.alert.{secrets.token_hex(4)}")])


def enqueue_job(app: Celery, name: str, *, queue: str) -> None:
    """Sends a periodic job that has more to do than one run may take.

    Raises:
        RemoteUnavailableError: The broker is away; the next turn goes on instead.
    """
    _send(app, [(JOB_TASK, name, queue, f"{name}.{secrets.token_hex(4)}")])


def _send(app: Celery, calls: Sequence[tuple[str, int | str, str, str]]) -> None:
    try:
        with app.producer_or_acquire() as producer:
            for task, argument, queue, task_id in calls:
                app.send_task(task, args=(argument,), queue=queue, task_id=task_id, producer=producer)
    except (OperationalError, OSError) as error:
        raise _broker_away() from error


def _broker_away() -> RemoteUnavailableError:
    return RemoteUnavailableError(
        "The message broker cannot be reached.",
        resolution="Check Redis or Valkey at REDIS_URL; what was not sent goes out by itself afterwards.",
    )
