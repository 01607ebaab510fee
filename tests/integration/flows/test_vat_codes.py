"""An item that M3 taxes at another rate than the shop is noticed before anything is written, and costs no request."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from connector.errors import ConfigurationError, MappingError
from connector.flows.preview import preview_order
from connector.stores.reading import parse_store_config
from tests.harness import STORE, Connector
from tests.integration.flows.story import Story, quick_store
from tests.integration.flows.test_request_counts import KNOWN, USUAL, learn, requests_for, wish

CODES = {"25": "1", "5": "2"}


def with_codes(codes: dict[str, str]) -> str:
    content = yaml.safe_load(quick_store(guests="common"))
    items: dict[str, Any] = {**content.get("items", {}), "vat_codes": codes}
    return yaml.safe_dump({**content, "items": items})


@pytest.fixture
def story(connector: Connector) -> Story:
    """A store whose file says which VAT code belongs to which rate."""
    story = Story(connector, guests="common")
    story.start_anew()
    story.end_faults()
    connector.forget()
    connector.configure(with_codes(CODES))
    return story


def tax_in_m3(story: Story, code: int) -> None:
    story.sandbox.post(f"{story.sandbox.m3_url}/_control/items", [{"itno": "MUG-001", "vat_code": code}])


def test_an_item_of_another_rate_holds_its_order_before_anything_is_written(story: Story) -> None:
    tax_in_m3(story, 2)
    story.place()
    story.go_on()

    held = story.exchange()
    assert (held["state"], story.orders(), story.batch_orders()) == ("dead_letter", [], [])
    assert "SKU MUG-001 is sold at 25 % VAT, and item MUG-001 has VAT code 2 in M3 instead of 1" in held["reason"]

    tax_in_m3(story, 1)
    story.release(held["id"])
    story.go_on()
    assert (story.exchange()["state"], len(story.orders())) == ("done", 1)


def test_an_item_that_is_put_right_later_is_noticed_although_the_wrong_code_is_kept(story: Story) -> None:
    tax_in_m3(story, 2)
    story.place()
    story.go_on()
    tax_in_m3(story, 1)

    order = story.place()
    story.go_on()

    assert [one["total"] for one in story.orders()] == [order["total"]]


def added(story: Story, code: int) -> tuple[list[str], str]:
    """Posts an order without mugs, has a mug of this VAT code added; returns the items M3 then has of it, and the state."""
    order = story.place(lines=[{"sku": "MUG-002", "quantity": 1}])
    story.go_on()
    tax_in_m3(story, code)
    products = story.sandbox.shop_book()["products"]
    mug = next(one["id"] for one in products if one["sku"] == "MUG-001")
    story.change(order, line_items=[{"product_id": mug, "quantity": 1}])
    story.go_on()
    return items_of(story), story.exchange()["state"]


def items_of(story: Story) -> list[str]:
    (held,) = story.orders()
    assert not held["held"]
    return [line["itno"] for line in held["lines"]]


def test_line_of_another_rate_is_not_added_to_a_posted_order(story: Story) -> None:
    before = added(story, 2)
    held, calls = story.exchange(), story.sandbox.m3_book()["calls"]
    tax_in_m3(story, 1)
    story.release(held["id"])
    story.go_on()

    assert before == (["MUG-002"], "dead_letter")
    assert "item MUG-001 has VAT code 2 in M3 instead of 1" in held["reason"]
    assert not {"OIS100MI/AddLineBatchEnt", "OIS100MI/LockOrder"} & calls.keys()
    assert (items_of(story), story.exchange()["state"]) == (["MUG-002", "MUG-001"], "done")


def test_line_of_the_right_rate_is_added_to_a_posted_order(story: Story) -> None:
    assert added(story, 1) == (["MUG-002", "MUG-001"], "done")


def test_dry_run_of_a_posted_order_tells_a_line_of_another_rate(story: Story) -> None:
    added(story, 2)
    order_id = int(story.exchange()["business_key"])
    context = story.connector.process.runtime.store(STORE)

    with pytest.raises(MappingError, match="has VAT code 2 in M3 instead of 1"):
        preview_order(story.connector.engine, context, order_id=order_id)


def test_looking_at_the_codes_costs_no_request(story: Story) -> None:
    learn(story)

    assert requests_for(story)[0] == USUAL
    assert requests_for(story, lines=wish(*KNOWN, "SKU-0001"))[0] == USUAL + 1


@pytest.mark.parametrize("rate", ["0", "-5", "much", "NaN"])
def test_what_is_no_rate_is_refused_with_the_file(rate: str) -> None:
    with pytest.raises(ConfigurationError, match="a rate above 0 in percent is wanted"):
        parse_store_config(with_codes({rate: "1"}), source="w1.yaml")
