"""Takes in a message of M3: the delivery, the versions of its documents and what it makes due, in one transaction.

Called by webhook_receiver/ion_routes.py. A message that cannot be used is stored as a dead letter of m3_events.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from connector.errors import InvalidPayloadError
from connector.flows.m3_events import EVENT, FLOW, POOL, unusable
from connector.flows.m3_news import Applied, Place, apply_bod, apply_event, names_orders
from connector.ion.bods import Bod, read_bod
from connector.ion.events import M3Event, read_event
from connector.ion.ims import Parameters
from connector.ion.payload import Payload, kept
from connector.ion.rules import EventRules
from connector.ledger.dispatch import DueMessage
from connector.ledger.inbox import KEPT_BODY_BYTES, Received, stage_delivery
from connector.ledger.messages import hold_for_person, leave_message, take_message
from connector.ledger.session import Ledger, OpenLedger, tried_twice

LONGEST_NAME = 100
AGAIN = "Look at the message in ION or M3 and have it sent again, or discard this one."


@dataclass(frozen=True)
class BodMessage:
    """A message of ION, as the receiver read it. `tenant` is what the request says."""

    store: str
    tenant: str
    parameters: Parameters
    payload: Payload


@dataclass(frozen=True)
class EventMessage:
    """An event of M3's own subscriber. `table` is what the address says, if anything."""

    store: str
    table: str
    body: bytes
    sha256: str


@dataclass(frozen=True)
class TakenIn:
    """What is stored: messages to send after the commit, and what the message was."""

    messages: tuple[DueMessage, ...]
    topic: str
    is_listened_to: bool
    is_usable: bool


ScopeOf = Callable[[str], str]
"""Tenant and company of M3 a store works with."""


@dataclass(frozen=True)
class _Stored:
    """What a delivery row says."""

    store: str
    source: str
    topic: str
    kind: str
    key: str
    headers: dict[str, str]
    body: bytes | None
    size: int
    sha256: str
    held_hash: str  # a dead letter is opened again by another one only


def take_bod(ledger: Ledger, message: BodMessage, *, rules: EventRules, scope_of: ScopeOf) -> TakenIn:
    """Stores a message of ION and makes due what it calls for.

    Delivered again it is stored again and calls for nothing. Nothing waits for a remote system.

    Args:
        ledger: With transactions of several statements.
        message: As it came.
        rules: What is listened to.
        scope_of: Asked only if the message is about orders.

    Raises:
        LedgerUnavailableError: The database is away; nobody may be told that the message is kept.
        ConfigurationError: The store's M3 cannot be told from its configuration.
    """
    payload = message.payload
    try:
        bod = _read(payload, rules)
    except InvalidPayloadError as error:
        return tried_twice(ledger, partial(_hold, stored=_stored_bod(message, None), error=error))
    place = Place(message.store, scope_of(message.store) if names_orders(bod) else "")
    stored = _stored_bod(message, bod)
    return tried_twice(
        ledger, lambda connection: _take_bod(connection, message, bod, stored=stored, place=place, rules=rules)
    )


def take_event(ledger: Ledger, message: EventMessage, *, rules: EventRules, scope_of: ScopeOf) -> TakenIn:
    """Stores an event and makes due what it calls for; one that comes twice is looked at twice.

    Raises:
        InvalidPayloadError: It is no JSON; nothing is stored.
        LedgerUnavailableError: The database is away.
        ConfigurationError: The store's M3 cannot be told from its configuration.
    """
    event = read_event(message.body, rules, table=message.table)
    place = Place(message.store, scope_of(message.store) if names_orders(event) else "")
    stored = _stored_event(message, event)

    def work(connection: OpenLedger) -> TakenIn:
        applied = apply_event(connection, event, place=place)
        return _keep(connection, stored, applied, rules=rules, is_listened_to=event.is_listened_to)

    return tried_twice(ledger, work)


def _read(payload: Payload, rules: EventRules) -> Bod:
    if payload.plain is None:
        raise InvalidPayloadError(payload.problem, resolution=AGAIN)
    return read_bod(payload.plain, rules)


def _take_bod(
    connection: OpenLedger, message: BodMessage, bod: Bod, *, stored: _Stored, place: Place, rules: EventRules
) -> TakenIn:
    message_id = message.parameters.message_id
    known = {"message_id": message_id, "sha256": message.payload.sha256}
    if message_id and not take_message(connection, message.store, **known):
        applied = Applied((), "The message was taken before; ION delivered it again.")
        return _keep(connection, stored, applied, rules=rules, is_listened_to=bod.is_listened_to)
    variation = message.parameters.variation
    applied = apply_bod(connection, bod, place=place, tenant=message.tenant, variation=variation)
    if message_id and applied.problem:
        leave_message(connection, message.store, **known)
    return _keep(connection, stored, applied, rules=rules, is_listened_to=bod.is_listened_to)


def _keep(
    connection: OpenLedger, stored: _Stored, applied: Applied, *, rules: EventRules, is_listened_to: bool
) -> TakenIn:
    if applied.problem:
        held = _hold(connection, stored=stored, error=unusable(applied, source=rules.source))
        return TakenIn(applied.messages, held.topic, is_listened_to, is_usable=False)
    stage_delivery(connection, _received(stored, note=applied.note, is_held=False))
    return TakenIn(applied.messages, stored.topic, is_listened_to, is_usable=True)


def _hold(connection: OpenLedger, *, stored: _Stored, error: InvalidPayloadError) -> TakenIn:
    """Stages the delivery with an exchange that waits for a person; the same content again changes nothing of that."""
    recorded = stage_delivery(connection, _received(stored, note=error.message, is_held=True))
    if recorded.due and recorded.exchange_id is not None:
        resolution = f"{error.resolution} (connector dead-letters release|discard {recorded.exchange_id})"
        hold_for_person(connection, recorded.exchange_id, code=error.code, reason=error.message, resolution=resolution)
    return TakenIn((), stored.topic, is_listened_to=False, is_usable=False)


def _stored_bod(message: BodMessage, bod: Bod | None) -> _Stored:
    payload, parameters = message.payload, message.parameters
    topic = bod.name if bod is not None else parameters.document_name or "BOD"
    headers = dict(parameters.kept) | ({"X-TenantId": message.tenant} if message.tenant else {})
    return _Stored(
        store=message.store,
        source="ion",
        topic=topic[:LONGEST_NAME],
        kind=(bod.noun if bod is not None else topic.rpartition(".")[2])[:LONGEST_NAME],
        key=parameters.message_id or payload.sha256,
        headers=headers | ({"Compression": payload.compression} if payload.compression else {}),
        body=kept(payload, most_bytes=KEPT_BODY_BYTES),
        size=payload.size,
        sha256=payload.sha256,
        held_hash=payload.sha256,
    )


def _stored_event(message: EventMessage, event: M3Event) -> _Stored:
    topic = event.table or "event"
    return _Stored(
        store=message.store,
        source="m3_event",
        topic=topic,
        kind=topic,
        key=EVENT + topic,
        headers={},
        body=message.body,
        size=len(message.body),
        sha256=message.sha256,
        # A table whose keys are not found sends hundreds such events: they are one dead letter, told of once.
        held_hash=event.problem,
    )


def _received(stored: _Stored, *, note: str, is_held: bool) -> Received:
    return Received(
        store=stored.store,
        source=stored.source,
        topic=stored.topic,
        kind=stored.kind,
        resource_id=stored.headers.get("documentId"),
        flow=FLOW if is_held else None,
        business_key=stored.key if is_held else None,
        pool=POOL if is_held else None,
        headers=stored.headers,
        body=stored.body,
        body_size=stored.size,
        body_sha256=stored.sha256,
        content_hash=stored.held_hash if is_held else None,
        is_full=is_held,
        note=note,
    )
