"""Units of direct invoices in a reconciliation: what the orders hold against the messages M3 has executed."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from connector.flows.reconciling.compare import compare
from connector.flows.reconciling.period import Period
from connector.flows.reconciling.result import QUIET, Fact, Reason, Row
from connector.flows.reconciling.totals import Totals
from tests.harness import STORE, Connector
from tests.integration.flows.refunds.desk import part_of
from tests.integration.flows.stock.stock_story import MUG
from tests.integration.flows.stock.warehouse import CAP, IN_BOXES, TOO_LOW, Warehouse

LINE = f"line {MUG}"
NINE_DAYS_S = 9 * 86400


class Checked(Warehouse):
    """A warehouse whose bookings are compared."""

    totals = Totals()

    def reconcile(self, *, days_ago: int = 2) -> list[Row]:
        """Compares the days since; returns the bookings that are not equal, and keeps the totals."""
        store = self.connector.process.runtime.store(STORE)
        last = self.today()
        period = Period(last - timedelta(days=days_ago), last, store.config.m3.zone)
        self.totals = Totals()
        rows = compare(self.connector.engine, store, period, totals=self.totals)
        return [row for row in rows if row.fact is Fact.BOOKING and row.reason not in QUIET]

    def today(self) -> date:
        """Returns today by the clock of the division."""
        moment: datetime = self.connector.rows("SELECT ledger_now() AS now")[0]["now"]
        return moment.astimezone(self.connector.process.runtime.store(STORE).config.m3.zone).date()

    def refund_unheard(self, order: dict[str, Any]) -> None:
        """Puts one mug back on sale, of which no news comes."""
        refund = {"line_items": [part_of(order["line_items"][0], 1)], "api_restock": True}
        url = f"{self.sandbox.shop_url}/_control/orders/{order['id']}"
        self.sandbox.post(url, {"deliver": "never", "refund": refund})

    def act_on_messages(self, action: str) -> None:
        """Has a person run or delete all messages in MMS850."""
        for one in self.sandbox.m3_book()["stock_messages"]:
            self.sandbox.post(f"{self.sandbox.m3_url}/_control/stock/messages/{one['msnr']}/{action}", {})

    def counted(self) -> tuple[int, int, int]:
        """Returns how many orders with bookings there are, what they hold, what M3 has booked."""
        days = [one for (_, _, fact), one in self.totals.days.items() if fact is Fact.BOOKING]
        return sum(one.shop_count for one in days), int(sum(one.shop for one in days)), int(sum(one.m3 for one in days))


@pytest.fixture
def house(connector: Connector) -> Checked:
    return Checked(connector)


def sides(rows: list[Row]) -> list[tuple[str, str | None, str | None, Reason]]:
    return [(row.what, row.shop, row.m3, row.reason) for row in rows]


def test_units_m3_has_booked_as_the_orders_hold_them_are_equal(house: Checked) -> None:
    order = house.place()
    house.place(status="on-hold")
    cancelled = house.place()
    house.go_on()
    house.take_back(order)
    house.change(cancelled, status="cancelled")
    house.go_on()

    rows = house.reconcile()

    assert rows == []
    assert house.counted() == (2, 3, 3)


def test_units_are_compared_in_the_unit_of_the_shop(house: Checked) -> None:
    house.connector.configure(IN_BOXES)
    house.place(lines=[{"sku": MUG, "quantity": 2}])
    house.go_on()

    rows = house.reconcile()

    assert (rows, house.counted()) == ([], (1, 2, 2))


def test_message_m3_has_not_executed_is_in_flight_and_one_that_failed_waits_for_a_person(house: Checked) -> None:
    house.set_messages(runs=False)
    house.place(lines=[{"sku": MUG, "quantity": 3}])
    house.connector.drain()
    under_way = house.reconcile()
    house.set_messages(fails=TOO_LOW)
    house.place(lines=[{"sku": CAP, "quantity": 1}])
    house.connector.drain()
    both = house.reconcile()

    assert sides(under_way) == [(LINE, "3", "0", Reason.IN_FLIGHT)]
    assert sides(both)[1:] == [(f"line {CAP}", "1", "0", Reason.WAITING)]
    assert "stands at 15" in both[1].words


def test_order_nobody_has_looked_at_yet_is_in_flight(house: Checked) -> None:
    house.place(lines=[{"sku": MUG, "quantity": 3}])

    assert sides(house.reconcile()) == [(LINE, "3", "0", Reason.IN_FLIGHT)]


def test_refund_nobody_heard_of_is_unknown_with_the_command_that_has_it_looked_at(house: Checked) -> None:
    order = house.place()
    house.go_on()
    house.refund_unheard(order)

    (row,) = house.reconcile()

    assert sides([row]) == [(LINE, "2", "3", Reason.UNKNOWN)]
    assert row.remedy == f"connector sync orders_to_m3 --store {STORE} --ids {order['id']}"
    assert not house.totals.is_explained


def test_emptied_ledger_changes_no_finding_and_shows_lines_that_were_removed(house: Checked) -> None:
    order, other = house.place(), house.place()
    house.go_on()
    house.refund_unheard(order)
    house.remove_line(other, CAP)
    before = house.reconcile()

    house.forget_everything()
    after = house.reconcile()

    found = [(LINE, "2", "3"), (f"line {CAP}", "0", "1")]
    assert [one[:3] for one in sides(before)] == [one[:3] for one in sides(after)] == found
    assert [row.reason for row in after] == [Reason.UNKNOWN] * 2


def test_units_are_found_also_where_m3_lists_no_messages(house: Checked) -> None:
    order = house.place()
    house.go_on()
    house.take_back(order)
    house.go_on()
    house.set_messages(lists=False)

    assert (house.reconcile(), house.counted()) == ([], (1, 3, 3))


def test_messages_that_were_deleted_in_m3_are_missed(house: Checked) -> None:
    house.place(lines=[{"sku": MUG, "quantity": 3}])
    house.go_on()
    house.act_on_messages("delete")

    assert sides(house.reconcile()) == [(LINE, "3", "0", Reason.DELETED_IN_M3)]


def test_units_a_person_booked_by_hand_are_settled_and_stay_so(house: Checked) -> None:
    order = house.refuse_and_discard()
    at_once = house.reconcile()
    house.change(order, customer_note="news")
    house.go_on()

    assert sides(at_once) == sides(house.reconcile())
    assert sides(at_once) == [(LINE, "3", "0", Reason.SETTLED), (f"line {CAP}", "1", "0", Reason.SETTLED)]


def test_message_left_in_m3_beside_what_a_person_booked_by_hand_is_told_before_and_after_it_is_run(
    house: Checked,
) -> None:
    house.set_messages(fails=TOO_LOW)
    house.place(lines=[{"sku": MUG, "quantity": 3}])
    house.go_on()
    house.discard()
    left = house.reconcile()
    house.act_on_messages("run")
    twice = house.reconcile()

    assert sides(left) == [(LINE, "3", "0", Reason.UNKNOWN)]
    assert "Delete the message in MMS850" in left[0].remedy
    assert sides(twice) == [(LINE, "3", "3", Reason.UNKNOWN)]
    assert "a person answered for 3: they may be booked twice" in twice[0].words


def test_older_order_is_compared_on_the_day_it_was_changed(house: Checked) -> None:
    order = house.place(lines=[{"sku": MUG, "quantity": 3}])
    house.go_on()
    house.connector.pass_time(NINE_DAYS_S)
    house.sandbox.post(f"{house.sandbox.shop_url}/_control/clock", {"offset_s": NINE_DAYS_S})
    house.refund_unheard(order)

    (row,) = house.reconcile()

    assert sides([row]) == [(LINE, "2", "3", Reason.UNKNOWN)]
    assert row.day == house.today()


def test_m3_is_asked_in_bulk(house: Checked) -> None:
    for _ in range(26):
        house.place(lines=[{"sku": MUG, "quantity": 1}])
    house.go_on()
    before = house.sandbox.m3_book()["http_calls"]

    house.reconcile()

    # besides the orders themselves: a list, its messages, the next number of each line
    assert house.sandbox.m3_book()["http_calls"] - before <= 9
    assert house.counted()[0] == 26
