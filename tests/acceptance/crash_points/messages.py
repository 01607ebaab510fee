"""The story of a message of M3 that nobody could use, until the places of its keys were corrected. Used by stories.py."""

from __future__ import annotations

import hashlib
from dataclasses import replace

from connector.flows.event_intake import EventMessage, take_event
from connector.ion.rules import load_event_rules
from tests.acceptance.crash_points import books
from tests.acceptance.crash_points.world import World
from tests.harness import ROOT, STORE

BODY = b'{"table": "OPRBAS", "ITNO": "MUG-001"}'


def message_is_released(world: World) -> None:
    """An event waits for a person, who corrects the places and releases it; the item's price is looked at then."""
    with world.quietly():
        rules = replace(load_event_rules(ROOT / "config"), tables={"OPRBAS": {"prices_to_woo": ("**.NUMBER",)}})
        message = EventMessage(STORE, "", BODY, hashlib.sha256(BODY).hexdigest())
        take_event(world.connector.engine, message, rules=rules, scope_of=lambda _: "")
    world.release_all()
    world.go_on()
    with world.quietly():
        world.sweep_until_sent()
        world.go_on()


def of_message(world: World) -> list[str]:
    """Says what is wrong: the price was looked at because of the message."""
    done = world.connector.rows("SELECT item_number FROM offer WHERE flow = 'prices_to_woo' AND done_rev = wanted_rev")
    looked_at = [row["item_number"] for row in done]
    return [*([] if looked_at == ["MUG-001"] else [f"looked at: {looked_at}"]), *books.of_rest_alone(world)]
