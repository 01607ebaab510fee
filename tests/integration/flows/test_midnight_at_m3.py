"""A batch order that is begun before midnight at M3 and confirmed after it: M3 refuses dates that are past."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import pytest

from connector.m3.programs.mms200mi import get_server_time, read_server_time
from tests.harness import STORE, Connector
from tests.integration.flows.refunds.desk import MUG, Desk
from tests.integration.flows.story import Story

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
EVERY_DAY = "[1, 2, 3, 4, 5, 6, 7]"


@pytest.fixture
def desk(connector: Connector) -> Desk:
    desk = Desk(connector, guests="common", lead_days="0", working_days=EVERY_DAY)
    desk.start_anew()
    desk.end_faults()
    connector.forget()
    return desk


@pytest.fixture
def midnight() -> datetime:
    """The next one of the M3 server."""
    return datetime.combine(datetime.now(UTC).date(), time(), tzinfo=UTC) + timedelta(days=1)


def set_m3_clock(story: Story, moment: datetime) -> None:
    """Has it be that moment on the M3 server."""
    offset = moment - datetime.now(UTC)
    story.sandbox.post(f"{story.sandbox.m3_url}/_control/clock", {"offset_s": offset.total_seconds()})
    story.connector.forget()


def m3_day(story: Story) -> str:
    """Returns today on the M3 server."""
    clock = story.connector.process.runtime.store(STORE).m3.read([get_server_time()])[0]
    return f"{read_server_time(clock).date:%Y%m%d}"


def leave_confirm_to_the_next_day(desk: Desk, midnight: datetime) -> None:
    """Lets the first Confirm, which leaves the batch order at 20, be the last of M3's day; the next day begins."""
    desk.connector.drain()
    desk.end_faults()
    set_m3_clock(desk, midnight + SECOND)


def test_order_of_the_last_minute_is_confirmed_after_midnight(desk: Desk, midnight: datetime) -> None:
    set_m3_clock(desk, midnight - MINUTE)
    desk.m3_fault("OIS100MI/Confirm", "confirm_status", status="20")
    order = desk.place()
    leave_confirm_to_the_next_day(desk, midnight)

    desk.go_on()

    assert desk.complaints(order) == []
    calls = desk.sandbox.m3_book()["calls"]
    assert (calls["OIS100MI/AddBatchHead"], calls["OIS100MI/Confirm"]) == (1, 2)


def test_return_of_the_last_minute_is_confirmed_after_midnight(desk: Desk, midnight: datetime) -> None:
    order = desk.invoiced()
    set_m3_clock(desk, midnight - MINUTE)
    desk.m3_fault("OIS100MI/Confirm", "confirm_status", status="20")
    desk.give_back(order, MUG, 1)
    leave_confirm_to_the_next_day(desk, midnight)

    desk.go_on()

    assert [one["state"] for one in desk.refunds()] == ["done"]
    assert len(desk.returns()) == 1


def test_order_of_noon_is_delivered_the_same_day_where_nothing_is_added(desk: Desk, midnight: datetime) -> None:
    set_m3_clock(desk, midnight + timedelta(hours=12))
    desk.place()
    desk.go_on()

    (order,) = desk.orders()
    assert order["rldt"] == m3_day(desk)
