"""An M3 that suddenly has none of the items clears no shop: the flow waits for a person, and then believes M3."""

from __future__ import annotations

import pytest

from connector.ledger.offers import mark_due
from connector.ledger.pauses import FlowPause, paused_flows, resume_flow
from connector.ledger.session import transaction
from tests.harness import STORE
from tests.integration.flows.catalogue.assortment import FLOW, Assortment

HOUR_S = 3600
NUMBERS = [f"MANY-{number}" for number in range(7)]


@pytest.fixture
def carried(assortment: Assortment) -> Assortment:
    """Seven items in the shop, and one that is new."""
    for number in NUMBERS:
        assortment.item(number, f"Pot {number}")
    assortment.carry(*NUMBERS)
    assortment.item("NEXT-1", "Pan")
    return assortment


def look(assortment: Assortment, *numbers: str) -> None:
    """Makes items due and runs the flow twice; a paused one does not run."""
    with transaction(assortment.connector.engine) as connection:
        mark_due(connection, STORE, flow=FLOW, item_numbers=numbers)
    exchange = assortment.connector.rows("SELECT id FROM exchange WHERE flow = :flow", flow=FLOW)[0]["id"]
    for _ in range(2):
        assortment.connector.run(exchange)


def pauses(assortment: Assortment) -> list[FlowPause]:
    with transaction(assortment.connector.engine) as connection:
        return paused_flows(connection)


def resume(assortment: Assortment) -> None:
    with transaction(assortment.connector.engine) as connection:
        assert resume_flow(connection, STORE, flow=FLOW) is not None
    assortment.connector.settle()


def statuses(assortment: Assortment) -> set[str]:
    return {assortment.product(number)["status"] for number in NUMBERS}


def test_none_is_withdrawn_when_m3_has_none_and_all_rest_when_it_has_them_again(carried: Assortment) -> None:
    for number in NUMBERS:
        carried.delete(number)

    look(carried, "NEXT-1", *NUMBERS)

    assert statuses(carried) == {"publish"}
    assert carried.product("NEXT-1")["status"] == "publish"
    assert [(one.flow, "7 of 7 products" in one.reason) for one in pauses(carried)] == [(FLOW, True)]
    assert carried.trouble(NUMBERS[0]) == "held_back"

    for number in NUMBERS:
        carried.item(number, f"Pot {number}")
    resume(carried)

    assert statuses(carried) == {"publish"}
    assert [carried.trouble(number) for number in NUMBERS] == [None] * 7


def test_a_person_who_lets_it_go_on_is_believed(carried: Assortment) -> None:
    for number in NUMBERS:
        carried.item(number, status="90")
    look(carried, *NUMBERS)
    held = statuses(carried)

    resume(carried)

    assert (held, statuses(carried), pauses(carried)) == ({"publish"}, {"draft"}, [])


def test_styles_that_m3_ended_by_mistake_stay_whole(assortment: Assortment) -> None:
    styles = [f"MANY-ST{number}" for number in range(6)]
    for style in styles:
        assortment.style(style, ("A", "BLK", "S"), ("B", "RED", "S"))
    variations = [f"{style}-{suffix}" for style in styles for suffix in "AB"]
    assortment.carry(*variations)
    for variation in variations:
        assortment.item(variation, status="90")
    look(assortment, *variations)
    paused = len(pauses(assortment))

    for variation in variations:
        assortment.item(variation, status="20")
    resume(assortment)
    assortment.connector.pass_time(1000)
    assortment.look_again()

    assert paused == 1
    assert {assortment.product(one)["status"] for one in (*styles, *variations)} == {"publish"}
    assert [assortment.trouble(one) for one in (*styles, *variations)] == [None] * 18


def test_as_many_as_end_on_a_usual_day_are_withdrawn(carried: Assortment) -> None:
    for number in NUMBERS[:5]:
        carried.item(number, status="90")

    carried.carry(*NUMBERS)

    assert [carried.product(number)["status"] for number in NUMBERS] == ["draft"] * 5 + ["publish"] * 2
    assert pauses(carried) == []


def test_withdrawals_of_many_runs_are_counted_over_a_day(carried: Assortment) -> None:
    for number in NUMBERS[:5]:
        carried.item(number, status="90")
        carried.carry(number)
    carried.connector.pass_time(23 * HOUR_S)
    carried.item(NUMBERS[5], status="90")

    look(carried, NUMBERS[5])

    assert carried.product(NUMBERS[5])["status"] == "publish"
    assert [("6 of 7 products" in one.reason, "1 of them were not" in one.reason) for one in pauses(carried)] == [
        (True, True)
    ]
    assert carried.trouble(NUMBERS[5]) == "held_back"


def test_next_day_as_many_may_be_withdrawn_again(carried: Assortment) -> None:
    for number in NUMBERS[:5]:
        carried.item(number, status="90")
    carried.carry(*NUMBERS)
    carried.connector.pass_time(25 * HOUR_S)
    carried.item(NUMBERS[5], status="90")

    carried.carry(NUMBERS[5])

    assert carried.product(NUMBERS[5])["status"] == "draft"
    assert pauses(carried) == []


def test_person_who_lets_it_go_on_is_believed_for_the_day_so_far(carried: Assortment) -> None:
    for number in NUMBERS[:6]:
        carried.item(number, status="90")
    look(carried, *NUMBERS)
    resume(carried)
    carried.item(NUMBERS[6], status="90")

    carried.carry(NUMBERS[6])

    assert statuses(carried) == {"draft"}
    assert pauses(carried) == []
