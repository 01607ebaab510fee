"""News of items of a store that publishes nothing: taken, and done with."""

from __future__ import annotations

import pytest
import yaml

from connector.ledger.offers import count_offers, mark_due, wake_due
from connector.ledger.session import transaction
from connector.ledger.waking import POOLS
from tests.harness import STORE, Connector
from tests.integration.flows.story import quick_store


@pytest.mark.parametrize("flow", sorted(POOLS))
def test_nothing_stays_due_for_ever_in_a_store_that_does_not_publish(connector: Connector, flow: str) -> None:
    connector.configure(yaml.safe_dump({**yaml.safe_load(quick_store()), "publish": {}}))
    with transaction(connector.engine) as connection:
        mark_due(connection, STORE, flow=flow, item_numbers=["MUG-001"])

    connector.settle()

    with transaction(connector.engine) as connection:
        assert wake_due(connection) == []
        assert count_offers(connection, STORE, flow=flow).due == 0
    (row,) = connector.rows("SELECT state, reason FROM exchange")
    assert row["state"] == "done"
    assert "does not publish" in row["reason"]
