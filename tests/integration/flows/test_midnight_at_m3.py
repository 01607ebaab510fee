"""A batch order that is begun before midnight at M3 and confirmed after it: M3 refuses dates that are past."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from connector.m3.programs.mms200mi import get_server_time, read_server_time
from tests.harness import STORE, Connector
from tests.integration.flows.refunds.desk import MUG, Desk
from tests.integration.flows.story import Story

EVERY_DAY = "[1, 2, 3, 4, 5, 6, 7]"


@pytest.fixture
def desk(connector: Connector) -> Desk:
    desk = Desk(connector, guests="common", lead_days="0", working_days=EVERY_DAY)
    desk.start_anew()
    desk.end_faults()
    connector.forget()
    return desk


def set_m3_clock(story: Story, *, from_midnight: timedelta) -> None:
    """Has the clock of the M3 server stand so far from its next midnight."""
    now = datetime.now(UTC)
    midnight = datetime(now.year, now.month, now.day, tzinfo=UTC) + timedelta(days=1)
    offset = midnight + from_midnight - now
    story.sandbox.post(f"{story.sandbox.m3_url}/_control/clock", {"offset_s": offset.total_seconds()})
    story.connector.forget()


def m3_day(story: Story) -> str:
    """Returns today on the M3 server."""
    clock = story.connector.process.runtime.store(STORE).m3.read([get_server_time()])[0]
    return f"{read_server_time(clock).date:%Y%m%d}"


def interrupt_confirm_at_midnight(desk: Desk) -> None:
    """Lets the first Confirm of the last minute of the day leave the batch order at 20; M3's next day begins."""
    desk.connector.drain()
    desk.end_faults()
    set_m3_clock(desk, from_midnight=timedelta(seconds=1))


def test_order_of_the_last_minute_is_confirmed_after_midnight(desk: Desk) -> None:
    set_m3_clock(desk, from_midnight=-timedelta(minutes=1))
    desk.m3_fault("OIS100MI/Confirm", "confirm_status", status="20")
    order = desk.place()
    interrupt_confirm_at_midnight(desk)

    desk.go_on()

    assert desk.complaints(order) == []
    calls = desk.sandbox.m3_book()["calls"]
    assert (calls["OIS100MI/AddBatchHead"], calls["OIS100MI/Confirm"]) == (1, 2)


def test_return_of_the_last_minute_is_confirmed_after_midnight(desk: Desk) -> None:
    order = desk.invoiced()
    set_m3_clock(desk, from_midnight=-timedelta(minutes=1))
    desk.m3_fault("OIS100MI/Confirm", "confirm_status", status="20")
    desk.give_back(order, MUG, 1)
    interrupt_confirm_at_midnight(desk)

    desk.go_on()

    assert [one["state"] for one in desk.refunds()] == ["done"]
    assert len(desk.returns()) == 1


def test_order_of_noon_is_delivered_the_same_day_where_nothing_is_added(desk: Desk) -> None:
    set_m3_clock(desk, from_midnight=timedelta(hours=12))
    desk.place()
    desk.go_on()

    (order,) = desk.orders()
    assert order["rldt"] == m3_day(desk)
