"""An item that M3 taxes at another rate than the shop is noticed before anything is written, and costs no request."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from connector.errors import ConfigurationError
from connector.stores.reading import parse_store_config
from tests.harness import Connector
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


def test_looking_at_the_codes_costs_no_request(story: Story) -> None:
    learn(story)

    assert requests_for(story)[0] == USUAL
    assert requests_for(story, lines=wish(*KNOWN, "SKU-0001"))[0] == USUAL + 1


@pytest.mark.parametrize("rate", ["0", "-5", "much", "NaN"])
def test_what_is_no_rate_is_refused_with_the_file(rate: str) -> None:
    with pytest.raises(ConfigurationError, match="a rate above 0 in percent is wanted"):
        parse_store_config(with_codes({rate: "1"}), source="w1.yaml")
