"""What lies in the broker, seen and taken as kombu keeps it in Valkey. Used by world.py."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass

import redis

from connector.broker import QUEUES, RUN_TASK


@dataclass(frozen=True)
class Message:
    """One message: its queue, the exchange it names, and its bytes as they lie there."""

    queue: str
    exchange_id: int
    raw: bytes


def waiting_messages(valkey: redis.Redis) -> list[Message]:
    """Returns what waits to run an exchange, oldest first."""
    found: list[Message] = []
    with valkey.pipeline(transaction=False) as pipe:
        for queue in QUEUES:
            pipe.lrange(queue, 0, -1)
        for queue, held in zip(QUEUES, pipe.execute(), strict=True):
            for raw in reversed(held):
                found += _read(queue, raw)
    return found


def take(valkey: redis.Redis, message: Message) -> None:
    """Takes a message out of its queue."""
    valkey.lrem(message.queue, -1, message.raw.decode())


def put_back(valkey: redis.Redis, message: Message) -> None:
    """Gives a message back, as the broker does with what a dead worker had not acknowledged."""
    valkey.rpush(message.queue, message.raw)


def _read(queue: str, raw: bytes) -> list[Message]:
    envelope = json.loads(raw)
    if envelope["headers"]["task"] != RUN_TASK:
        return []
    arguments, _, _ = json.loads(base64.b64decode(envelope["body"]))
    return [Message(queue, int(arguments[0]), raw)]
