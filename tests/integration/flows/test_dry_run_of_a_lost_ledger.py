"""A dry run says what a run would find in M3 that the ledger does not know, and leaves both sides as they are."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from connector.errors import MappingError
from connector.flows.preview import Preview, preview_order
from tests.harness import STORE, Connector
from tests.integration.flows.story import Story, quick_store

BERLIN = {"first_name": "Iva", "last_name": "Horvat", "email": "iva@example.com", "address_1": "Lange Straße 1"}
BERLIN |= {"city": "Berlin", "postcode": "1011", "country": "DE"}


def dry_run(story: Story, order: dict[str, Any]) -> Preview:
    store = story.connector.process.runtime.store(STORE)
    return preview_order(story.connector.engine, store, order_id=order["id"])


def posted(connector: Connector, guests: str) -> tuple[Story, dict[str, Any]]:
    """Returns an order with an address nothing can be sent to, which M3 has, in a store that holds such ones by now."""
    story = Story(connector, guests=guests)
    story.start_anew()
    file = yaml.safe_load(quick_store(guests=guests))
    connector.configure(yaml.safe_dump({**file, "addresses": {"check": "pass"}}))
    order = story.place(billing=BERLIN)
    story.go_on()
    connector.configure(quick_store(guests=guests))
    return story, order


@pytest.mark.parametrize("guests", ["common", "per_email"])
def test_an_order_that_m3_has_is_found_by_the_dry_run_as_by_the_run(connector: Connector, guests: str) -> None:
    story, order = posted(connector, guests)
    (held,) = story.orders()
    story.lose_ledger()

    told = dry_run(story, order)
    kept = connector.rows("SELECT 1 FROM exchange UNION ALL SELECT 1 FROM binding")
    connector.ask(order["id"])
    story.go_on()

    assert told.reason.startswith(f"M3 has it already as {held['orno']}; ")
    assert (told.transactions, kept) == ([], [])
    assert story.exchange()["reason"] == f"found in M3 as {held['orno']}"


def test_a_buyer_that_m3_has_is_not_told_as_a_new_one(connector: Connector) -> None:
    story, _ = posted(connector, "per_email")
    (made,) = story.sandbox.m3_book()["customers"]
    story.lose_ledger()
    order = story.place(billing={**BERLIN, "postcode": "10115"})

    told = dry_run(story, order)
    connector.ask(order["id"])
    story.go_on()

    assert told.customer == f"customer {made['cuno']}, which M3 has already, bound first"
    assert dict(told.transactions)["OIS100MI/AddBatchHead"]["CUNO"] == made["cuno"]
    assert [one["cuno"] for one in story.orders()] == [made["cuno"], made["cuno"]]


def test_an_order_that_m3_does_not_have_is_told_as_held(connector: Connector) -> None:
    story, _ = posted(connector, "per_email")
    story.lose_ledger()
    other = story.place(billing=BERLIN)

    with pytest.raises(MappingError, match="The postcode of the delivery address of order"):
        dry_run(story, other)
