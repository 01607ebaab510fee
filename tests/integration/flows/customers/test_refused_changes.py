"""A change of an account that M3 or the store's rules refuse waits for a person; what else it says is in M3."""

from __future__ import annotations

import pytest

from tests.harness import Connector
from tests.integration.flows.customers.desk import VAT_KEY, WRONG_VAT, Desk, file_of


def test_a_change_that_m3_refuses_waits_and_is_written_with_the_next_one(connector: Connector) -> None:
    desk = Desk(connector)

    account, held = desk.phone_changes("nok")
    before = desk.customer()["fields"]["PHNO"]
    desk.change(account, billing={"phone": "01 999 777"})
    after = desk.look(account)

    assert (held["state"], before) == ("dead_letter", "091 234 5678")
    assert "CRS610MI/ChgBasicData" in held["reason"]
    assert (after["state"], desk.customer()["fields"]["PHNO"]) == ("done", "01 999 777")


@pytest.mark.parametrize(
    ("invalid", "ends"), [("leave_out", ("done", "")), ("person", ("dead_letter", "needs_person"))]
)
def test_a_vat_number_that_can_be_none_is_left_out_and_said_or_waits_for_a_person(
    connector: Connector, invalid: str, ends: tuple[str, str]
) -> None:
    desk = Desk(connector, file_of(vat_numbers={"invalid": invalid}))
    account = desk.account(meta_data=[{"key": VAT_KEY, "value": WRONG_VAT}])
    desk.order(account)
    desk.change(account, billing={"phone": "01 999 888"})

    exchange = desk.look(account)

    assert (exchange["state"], exchange["reason_code"]) == ends
    assert "VAT number" in exchange["reason"] and WRONG_VAT not in str(exchange)
    assert desk.customer()["fields"]["PHNO"] == "01 999 888"
    assert "VRNO" not in desk.customer()["fields"]
    assert len(desk.orders()) == 1
