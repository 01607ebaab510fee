"""The BODs have every element and attribute of the samples collected for their noun."""

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from connector.ion.bods import read_bod
from connector.ion.rules import load_event_rules
from sandbox.clock import SystemClock
from sandbox.m3.app import create_app
from sandbox.m3.events.announcer import Announcer
from sandbox.m3.events.outbox import Outbox
from sandbox.m3.events.settings import EventSettings

from .conftest import M3

SAMPLES = Path(__file__).parents[2] / "fixtures" / "ion"


def paths(node: ElementTree.Element, above: str = "") -> Iterator[str]:
    """Give the paths of all elements and attributes by local name."""
    here = f"{above}/{node.tag.rpartition('}')[2]}"
    yield here
    yield from (f"{here}@{name}" for name in node.attrib)
    for child in node:
        yield from paths(child, here)


def told() -> dict[str, bytes]:
    """Give the last BOD of each kind after one of each change."""
    app = create_app(seed=1)
    m3, state = M3(app.test_client()), app.extensions["site"].state
    settings = EventSettings(bod_url="http://unused")
    outbox = Outbox(settings, seed=1, clock=SystemClock())
    state.listener = Announcer(state, settings, outbox).listen
    m3.control("items", {"itno": "MUG-001", "name": "Mug"})
    m3.control("prices", {"itno": "MUG-001", "sapr": "11"})
    m3.control(f"orders/{m3.ordered(CUOR='W1-9')}/advance", {"to": "77"})
    bods: dict[str, bytes] = {}
    while (message := outbox.take(early=True)) is not None:
        bods[message.name] = message.payload
    return bods


@pytest.fixture(scope="module")
def bods() -> dict[str, bytes]:
    return told()


@pytest.mark.parametrize(
    ("name", "sample"),
    [
        ("Sync.ItemMaster", "06-sync-itemmaster-changed"),
        ("Sync.InventoryCount", "05-sync-inventorycount-two-warehouses"),
        ("Sync.PriceList", "10-sync-pricelist-changed"),
        ("Sync.SalesOrder", "02-sync-salesorder-shipped"),
        ("Sync.Shipment", "04-sync-shipment-tracking"),
    ],
)
def test_bod_has_what_its_sample_has(bods: dict[str, Any], name: str, sample: str) -> None:
    wanted = paths(ElementTree.parse(SAMPLES / f"{sample}.xml").getroot())

    assert set(wanted) <= set(paths(ElementTree.fromstring(bods[name])))


@pytest.mark.parametrize("name", ["Sync.SalesOrder", "Sync.Shipment", "Sync.Invoice"])
def test_each_bod_of_an_order_makes_its_status_due(bods: dict[str, Any], name: str) -> None:
    rules = load_event_rules(Path(__file__).parents[3] / "config")

    bod = read_bod(BytesIO(bods[name]), rules)

    assert [(due.flow, tuple(due.keys)) for noun in bod.nouns for due in noun.due] == [
        ("order_status_to_woo", ("0000045001",))
    ]
