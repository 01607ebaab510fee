"""A list of M3 that is longer than it gives in one answer is never taken for the whole: a person looks, and nothing is written."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from typing import Any

import pytest

from connector.errors import NeedsPersonError
from connector.flows.context import StoreContext
from connector.flows.orders import adopting, takeover
from connector.flows.progress.poll import poll_progress
from connector.flows.reconciling import bills, m3_side
from connector.m3.programs import gls200mi, ois100mi
from tests.harness import STORE, Connector
from tests.integration.flows.books.counting_house import SETTLE, CountingHouse, invoicing, paying
from tests.integration.flows.reconciling.clerk import Clerk
from tests.integration.flows.refunds.desk import MUG, Desk
from tests.integration.flows.story import Story

Read = Callable[[StoreContext], Sequence[object]]
LONG_AGO = date(2026, 1, 1)
TWO_MUGS = [{"sku": "MUG-001", "quantity": 1}, {"sku": "MUG-002", "quantity": 1}]


def _orders(store: StoreContext) -> Sequence[object]:
    return list(m3_side.read_heads(store, ["GUESTHREUR"], since=LONG_AGO))


def _invoices(store: StoreContext) -> Sequence[object]:
    return list({one.key for one in bills.list_invoices_since(store, ["GUESTHREUR"], since=LONG_AGO)})


def test_changed_order_with_more_lines_than_m3_lists_is_not_touched(
    connector: Connector, monkeypatch: pytest.MonkeyPatch
) -> None:
    story = Story(connector, guests="common")
    order = story.place(lines=TWO_MUGS)
    story.go_on()
    monkeypatch.setattr(ois100mi, "MOST_LINES", 2)
    before = story.orders()
    story.change(order, line_items=[{"id": order["line_items"][1]["id"], "quantity": 0}])
    story.go_on()

    told = story.exchange()
    assert (told["state"], "M3 lists 2 rows of ORNO" in told["reason"]) == ("dead_letter", True)
    assert story.orders() == before


def test_order_of_more_lines_than_m3_lists_is_not_posted(connector: Connector, monkeypatch: pytest.MonkeyPatch) -> None:
    story = Story(connector, guests="common")
    monkeypatch.setattr(ois100mi, "MOST_LINES", 2)
    story.place(lines=TWO_MUGS)
    story.go_on()

    told = story.exchange()
    assert (told["state"], told["reason"][:21]) == ("dead_letter", "The order has 2 lines")
    assert "OIS100MI/AddBatchHead" not in story.sandbox.m3_book()["calls"]


def test_order_that_cannot_be_compared_after_confirm_is_locked(
    connector: Connector, monkeypatch: pytest.MonkeyPatch
) -> None:
    story = Story(connector, guests="common")
    story.m3_fault("OIS100MI/Confirm", "drop_after_commit")
    story.place(lines=TWO_MUGS)
    connector.drain()
    monkeypatch.setattr(ois100mi, "MOST_LINES", 2)
    story.go_on_late()

    told = story.exchange()
    assert (told["state"], told["reason_code"]) == ("dead_letter", "amounts_differ")
    assert "the lines: sent 2, M3 has 2 or more" in told["reason"]
    assert [one["held"] for one in story.orders()] == [True]


def test_refund_of_an_order_with_more_lines_than_m3_lists_changes_nothing(
    connector: Connector, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = Desk(connector, guests="common")
    order = desk.place(lines=TWO_MUGS)
    desk.go_on()
    before = desk.orders()
    monkeypatch.setattr(ois100mi, "MOST_LINES", 1)
    desk.give_back(order, MUG, 1)
    desk.go_on()

    (told,) = desk.refunds()
    assert (told["state"], told["reason_code"]) == ("dead_letter", "list_cut")
    assert (desk.orders(), desk.returns()) == (before, [])


def test_order_invoiced_as_far_as_m3_lists_it_is_not_taken_for_paid(
    connector: Connector, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = CountingHouse(connector)
    connector.configure(paying(payments={"settle": SETTLE}))
    house.place(lines=TWO_MUGS)
    connector.drain()
    _ship_first_line(house, to="77")
    monkeypatch.setattr(ois100mi, "MOST_LINES", 1)
    house.look_again()

    told = house.exchange("settlements_to_m3")
    assert (told["state"], told["reason_code"]) == ("dead_letter", "list_cut")
    assert house.sandbox.m3_book()["payment_batches"] == []


def test_order_delivered_as_far_as_m3_lists_it_is_not_told_as_delivered(
    connector: Connector, monkeypatch: pytest.MonkeyPatch
) -> None:
    story = Story(connector, guests="common")
    order = story.place(lines=TWO_MUGS)
    story.go_on()
    _ship_first_line(story, to="66")
    monkeypatch.setattr(ois100mi, "MOST_LINES", 1)
    store = connector.process.runtime.store(STORE)
    news = [poll_progress(connector.engine, store).news for _ in range(2)]
    story.go_on()

    told = story.exchange("order_status_to_woo")
    (shown,) = [one for one in story.sandbox.shop_book()["orders"] if one["id"] == order["id"]]
    assert (told["state"], told["reason_code"]) == ("dead_letter", "list_cut")
    assert (news, shown["status"]) == ([1, 0], "processing")


def _ship_first_line(story: Story, *, to: str) -> None:
    (held,) = story.orders()
    story.sandbox.advance(held["orno"], to, lines=[{"ponr": 1, "quantity": "1"}])


def test_order_whose_batch_head_cannot_be_looked_for_is_not_begun_again(
    connector: Connector, monkeypatch: pytest.MonkeyPatch
) -> None:
    story = Story(connector, guests="common")
    monkeypatch.setattr(takeover, "LIST_LENGTH", 1)
    story.m3_fault("OIS100MI/AddBatchHead", "drop_after_commit")
    story.place()
    story.go_on_late()

    told = story.exchange()
    assert (told["state"], "more batch orders in OIS275" in told["reason"]) == ("dead_letter", True)
    assert story.sandbox.m3_book()["calls"]["OIS100MI/AddBatchHead"] == 1


def test_posting_the_ledger_cannot_be_asked_for_is_not_believed(
    connector: Connector, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = CountingHouse(connector)
    monkeypatch.setattr(gls200mi, "MOST_ROWS", 2)
    house.place()
    house.go_on()

    told = house.say()
    assert (told["state"], "M3 lists 2 rows and more" in told["reason"]) == ("dead_letter", True)
    assert "bind `ledger.vouchers`" in told["resolution"]
    assert "closed_through" not in told["resolution"]  # there is but one day


@pytest.mark.parametrize(
    ("module", "name", "file", "words"),
    [
        (m3_side, "LIST_ROWS", None, "more lines than M3 lists"),
        (gls200mi, "MOST_ROWS", paying(), "ledger rows and more for"),
    ],
    ids=["lines of an order", "rows of a day"],
)
def test_books_that_cannot_be_read_whole_are_not_compared(
    connector: Connector, monkeypatch: pytest.MonkeyPatch, module: Any, name: str, file: str | None, words: str
) -> None:
    clerk = Clerk(connector, guests="common")
    if file is not None:
        connector.configure(file)
    clerk.place(lines=TWO_MUGS)
    clerk.go_on()
    monkeypatch.setattr(module, name, 2)

    with pytest.raises(NeedsPersonError, match=words):
        clerk.reconcile_money()


@pytest.mark.parametrize(
    ("read", "module", "file", "enough", "words"),
    [
        (_orders, m3_side, None, 2, "1 rows with the same key"),
        (_invoices, bills, invoicing(), 4, "M3 lists 1 invoices of customer GUESTHREUR"),
    ],
    ids=["orders", "invoices"],
)
def test_lists_are_read_on_from_their_last_row_until_one_key_fills_an_answer(
    connector: Connector,
    monkeypatch: pytest.MonkeyPatch,
    read: Read,
    module: Any,
    file: str | None,
    enough: int,
    words: str,
) -> None:
    story = Story(connector, guests="common")
    if file is not None:
        connector.configure(file)
    for _ in range(3):
        story.place(lines=TWO_MUGS)
    story.go_on()
    store = connector.process.runtime.store(STORE)
    whole = len(read(store))
    monkeypatch.setattr(module, "LIST_ROWS", enough)
    in_parts = len(read(store))
    monkeypatch.setattr(module, "LIST_ROWS", 1)

    assert (whole, in_parts) == (3, 3)
    with pytest.raises(NeedsPersonError, match=words):
        read(store)


def test_order_that_a_cut_day_lacks_is_posted_where_the_list_by_reference_shows_that_m3_does_not_have_it(
    connector: Connector, monkeypatch: pytest.MonkeyPatch
) -> None:
    story = Story(connector, guests="common")
    for _ in range(2):
        story.place()
    story.go_on()
    monkeypatch.setattr(adopting, "DAY_ROWS", 1)
    monkeypatch.setattr(adopting, "LATE", timedelta(days=-1))
    story.place()
    story.go_on()

    assert story.sandbox.m3_book()["calls"]["OIS175MI/LstHeadByDate"] == 1
    assert len(story.orders()) == 3
