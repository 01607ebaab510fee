"""How many HTTP requests an order costs M3, whose limit per minute the whole tenant shares."""

from __future__ import annotations

from typing import Any

from tests.integration.flows.story import Story, tax_sent

USUAL = 4
"""Head; lines, charges and texts; Confirm; and the reading of what M3 made of it."""
KNOWN = ["MUG-001", "MUG-002"]


def wish(*skus: str) -> list[dict[str, Any]]:
    return [{"sku": sku, "quantity": 1} for sku in skus]


def requests_for(story: Story, **order: Any) -> tuple[int, dict[str, Any]]:
    """Posts one order and returns how many requests M3 got for it, and the order."""
    before = story.sandbox.m3_book()["http_calls"]
    placed = story.place(**order)
    story.go_on()
    return story.sandbox.m3_book()["http_calls"] - before, placed


def learn(story: Story, **order: Any) -> None:
    """Posts an order first, so that token, clock, currency and its items are known."""
    story.end_faults()
    requests_for(story, **order)


def test_order_of_a_common_customer_with_known_items_takes_four(common: Story) -> None:
    learn(common)

    assert requests_for(common)[0] == USUAL


def test_sku_not_seen_before_takes_one_more(common: Story) -> None:
    learn(common)

    assert requests_for(common, lines=wish(*KNOWN, "SKU-0001"))[0] == USUAL + 1


def test_several_skus_not_seen_before_take_one_more_together(common: Story) -> None:
    learn(common)

    assert requests_for(common, lines=wish("SKU-0001", "SKU-0002", "SKU-0003"))[0] == USUAL + 1


def test_new_customer_takes_two_more(story: Story) -> None:
    learn(story)

    assert requests_for(story)[0] == USUAL + 2


def test_order_of_more_than_eighty_transactions_takes_one_more(common: Story) -> None:
    many = wish(*(f"SKU-{number:04d}" for number in range(1, 86)))
    learn(common, lines=many)

    taken, order = requests_for(common, lines=many)

    assert taken == USUAL + 1
    assert [one["total"] for one in common.orders()] == [order["total"]] * 2


def test_sending_the_shops_tax_as_charges_takes_one_more_and_the_totals_agree(common: Story) -> None:
    common.connector.configure(tax_sent())
    learn(common)

    taken, order = requests_for(common)

    assert taken == USUAL + 1
    assert order["total_tax"] != "0.00"
    assert [(one["cuno"], one["total"]) for one in common.orders()] == [("TAXTEUR", order["total"])] * 2
