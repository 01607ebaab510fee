"""A note that a killed worker sent may reach the shop after another worker took over: it is waited for, not written twice."""

from __future__ import annotations

from unittest.mock import patch

import pytest

from connector.ledger.dispatch import take_back_expired
from connector.ledger.session import transaction
from connector.woocommerce.client import WooClient
from tests.harness import SETTLED_S, STORE
from tests.integration.flows.crashing import KilledError
from tests.integration.flows.story import Story

WRITE_BACK = "SELECT * FROM exchange WHERE flow = 'order_status_to_woo'"


def test_note_is_waited_for_before_it_is_written_again(common: Story) -> None:
    order = common.place()
    with patch.object(WooClient, "add_note", side_effect=KilledError), pytest.raises(KilledError):
        common.go_on()
    connector = common.connector
    (held,) = connector.rows(WRITE_BACK)
    with transaction(connector.engine) as connection:
        take_back_expired(connection, gone=[held["worker"]])

    connector.run(held["id"])

    (waits,) = connector.rows(WRITE_BACK)
    assert (waits["state"], waits["reason_code"]) == ("waiting", "not_yet")
    connector.process.runtime.store(STORE).shop.add_note(order["id"], f"M3 order {common.orders()[0]['orno']}")
    connector.pass_time(SETTLED_S)
    common.go_on()
    assert len(connector.notes(order["id"])) == 1
    assert connector.rows(WRITE_BACK)[0]["state"] == "done"
