"""Looks again at a message of M3 that nobody could use, after a person released it; run by workers/base.py.

What comes in well never gets here: event_intake.py makes due what it calls for at once. A message that cannot be used is
a dead letter from the start, so that it is seen and never tried in a circle.
"""

from __future__ import annotations

from io import BytesIO

from connector.errors import ConfigurationError, InvalidPayloadError
from connector.flows.context import Run
from connector.flows.m3_news import Applied, Place, apply_bod, apply_event
from connector.flows.outcome import Done
from connector.ion.bods import read_bod
from connector.ion.events import read_event
from connector.ion.payload import open_payload
from connector.ion.rules import EventRules

FLOW, POOL = "m3_events", "status"
EVENT = "event "
"""In front of the key of an event's exchange, which is its table; the others are BODs."""


def run(run: Run) -> Done:
    """Reads the stored message with the present configuration and makes due what it calls for.

    A second run finds the versions taken; what has none is looked at once more, which changes nothing.

    Raises:
        InvalidPayloadError: It still cannot be used, or its content was not kept.
    """
    if run.claim.body is None:
        raise InvalidPayloadError(
            "The content of the message was not kept; it is too large.",
            resolution=f"Send what it is about again from M3, then: connector dead-letters discard {run.claim.exchange_id}",
        )
    rules = _rules(run)
    applied = _apply(run, run.claim.body, rules=rules)
    run.messages.extend(applied.messages)
    if applied.problem:
        raise unusable(applied, source=rules.source)
    return Done(applied.note)


def unusable(applied: Applied, *, source: str) -> InvalidPayloadError:
    """Returns what a person is told about a message of which a part could not be used."""
    return InvalidPayloadError(
        f"A part of the message could not be used: {applied.problem}. {applied.note}",
        resolution=f"Compare the message with the places in {source}: `connector bods send FILE` shows what a file makes "
        "due. Correct them and release it, or discard it.",
    )


def _rules(run: Run) -> EventRules:
    """Returns the rules; files that are wrong are this message's trouble, and no reason to pause the store."""
    try:
        return run.store.event_rules()
    except ConfigurationError as error:
        raise InvalidPayloadError(error.message, resolution=error.resolution) from error


def _apply(run: Run, body: bytes, *, rules: EventRules) -> Applied:
    place = Place(run.store.name, run.store.m3_scope)
    connection = run.journal.connection
    if run.claim.business_key.startswith(EVENT):
        table = run.claim.business_key.removeprefix(EVENT)
        return apply_event(connection, read_event(body, rules, table=table), place=place)
    payload = open_payload(BytesIO(body))
    try:
        if payload.plain is None:
            raise InvalidPayloadError(
                payload.problem, resolution="Have the sender send it again, and discard this one."
            )
        return apply_bod(connection, read_bod(payload.plain, rules), place=place, tenant="", variation=None)
    finally:
        payload.close()
