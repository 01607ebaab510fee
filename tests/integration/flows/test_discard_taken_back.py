"""A person who takes a discard back has what they discarded looked at again, also where M3 has the order from us."""

from __future__ import annotations

from typing import Any

import pytest

from tests.integration.flows.story import Story

ELSEWHERE = {"address_1": "Vukovarska 7", "city": "Split", "postcode": "21000", "country": "HR"}


@pytest.fixture
def order(common: Story) -> dict[str, Any]:
    """An order that M3 has, whose address was changed in the shop, which a person has discarded."""
    placed = common.begin()
    common.go_on()
    common.change(placed, shipping={**placed["billing"], **ELSEWHERE})
    common.go_on()
    assert common.exchange()["reason_code"] == "needs_person"
    common.discard()
    common.go_on()  # it is unlocked
    return placed


def test_released_change_of_a_posted_order_is_brought_up_again(common: Story, order: dict[str, Any]) -> None:
    common.release(common.exchange()["id"])
    common.go_on()

    assert common.exchange()["reason_code"] == "needs_person"


def test_discard_of_amounts_that_differ_is_taken_back_too(common: Story) -> None:
    placed = common.begin()
    common.tax_customer("GUESTHREUR", is_taxed=False)
    common.go_on()
    assert common.exchange()["reason_code"] == "amounts_differ"
    common.discard()
    common.change(placed, status="completed")
    common.go_on()

    common.release(common.exchange()["id"])
    common.go_on()

    assert common.exchange()["reason_code"] == "amounts_differ"


def test_release_of_a_later_change_leaves_what_was_discarded_before(common: Story, order: dict[str, Any]) -> None:
    common.m3_fault("OIS100MI/AddText", "nok", times=4)
    common.change(order, customer_note="Ring twice")
    common.go_on()
    assert common.exchange()["state"] == "dead_letter"
    common.end_faults()

    common.release(common.exchange()["id"])
    common.go_on()

    assert common.exchange()["state"] == "done"
