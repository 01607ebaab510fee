"""Wires the routes for messages of M3 to a runtime; called by wsgi.py and the tests."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import redis

from connector.flows.event_intake import BodMessage, EventMessage, TakenIn, take_bod, take_event
from connector.ledger.dispatch import DueMessage
from connector.ledger.inbox import Recorded
from connector.runtime import Runtime
from webhook_receiver.ion_routes import IonParts


def ion_parts(runtime: Runtime, offer: Callable[[Recorded], bool]) -> IonParts:
    """Returns what the routes need.

    Args:
        runtime: Of this process.
        offer: Hands an exchange to the publisher, without waiting.
    """
    ledger = runtime.transactions

    def bod(message: BodMessage) -> TakenIn:
        return take_bod(ledger, message, rules=runtime.event_rules(), scope_of=runtime.m3_scope)

    def event(message: EventMessage) -> TakenIn:
        return take_event(ledger, message, rules=runtime.event_rules(), scope_of=runtime.m3_scope)

    def remember_nonce(text: str, seconds: int) -> bool:
        """Without the broker a request may be sent twice: its message is then known by its id and version."""
        try:
            return bool(runtime.redis.set(f"ion-nonce:{text}", 1, nx=True, ex=seconds))
        except redis.RedisError:
            return True

    def send(messages: Sequence[DueMessage]) -> None:
        for one in messages:
            offer(Recorded(None, one.exchange_id, due=True, pool=one.pool, claim_no=one.claim_no))

    return IonParts(
        secrets=runtime.ion_secrets,
        api_key_header=runtime.settings.ion_api_key_header,
        remember_nonce=remember_nonce,
        most_bytes=runtime.settings.ion_max_bytes,
        take_bod=bod,
        take_event=event,
        send=send,
    )
