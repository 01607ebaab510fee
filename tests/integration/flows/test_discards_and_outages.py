"""What a person discarded does not become a dead letter because the other side was away, for a release would have it posted."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from connector.ledger.people import dead_letter_ids
from connector.ledger.session import transaction
from tests.harness import STORE
from tests.integration.flows.story import Story
from tests.integration.flows.test_confirm_outcomes import confirm_with, release_in_m3
from workers.jobs import run_turn

LONGEST_PAUSE_S, TRIES = 65_000, 12


def wait_through_outage(story: Story) -> list[str]:
    """Lets M3 be away for longer than anything is tried; returns the states the exchange was in."""
    story.sandbox.m3_faults(http_503=1.0)
    states = []
    for _ in range(TRIES):
        story.connector.drain()
        states.append(str(story.exchange()["state"]))
        story.connector.pass_time(LONGEST_PAUSE_S)
    story.end_faults()
    return states


def test_outage_while_it_is_only_looked_at_leaves_it_discarded(common: Story) -> None:
    order = confirm_with(common, "25")
    common.discard()
    common.go_on()
    common.connector.pass_time(3600)
    run_turn(common.connector.process, "hunt_orphans")

    states = wait_through_outage(common)
    common.go_on()
    said = common.exchange()
    release_in_m3(common)
    common.connector.pass_time(8 * 24 * 3600)
    run_turn(common.connector.process, "hunt_orphans")
    common.go_on()

    assert "dead_letter" not in states
    assert (said["state"], said["reason_code"]) == ("done", "discarded")
    assert common.complaints(order) == []  # it is looked at again when M3 is back


def test_outage_with_news_of_the_shop_waits_for_m3_and_not_for_a_person(common: Story) -> None:
    order = confirm_with(common, "25")
    common.discard()
    common.go_on()
    common.change(order, status="completed")

    states = wait_through_outage(common)
    common.go_on()

    assert "dead_letter" not in states
    assert common.exchange()["reason_code"] == "discarded"


@pytest.mark.parametrize("code", ["bug", "remote_unavailable"])
def test_release_of_all_leaves_a_discarded_one_alone_whatever_it_waits_for(common: Story, code: str) -> None:
    confirm_with(common, "25")
    common.discard()
    with transaction(common.connector.engine) as connection:
        statement = "UPDATE exchange SET state = 'dead_letter', reason_code = :code WHERE flow = 'orders_to_m3'"
        connection.execute(text(statement), {"code": code})

        assert dead_letter_ids(connection, store=STORE, reason_code=code) == []
