"""`connector exchanges replay`: what was sent is shown; what the other side lacks is sent again, and nothing a second time."""

from __future__ import annotations

from typing import Any

import pytest

from connector.flows.registry import FLOWS
from connector.flows.replaying import REFUSED, REPLAYED
from tests.harness import Connector
from tests.integration.cli.conftest import Run
from tests.integration.flows.refunds.desk import Desk
from tests.integration.flows.story import Story

WHY = ("--reason", "tested")


@pytest.fixture
def story(connector: Connector) -> Story:
    return Story(connector)


@pytest.fixture
def order(story: Story) -> dict[str, Any]:
    """An order that M3 has."""
    placed = story.place()
    story.go_on()
    return placed


def calls(story: Story) -> dict[str, int]:
    counted: dict[str, int] = story.sandbox.m3_book()["calls"]
    return dict(counted)


def written(before: dict[str, int], after: dict[str, int]) -> dict[str, int]:
    """Returns the calls between two looks that change something."""
    reads = ("Get", "Lst", "Sel", "Check")
    return {
        name: count - before.get(name, 0)
        for name, count in after.items()
        if count != before.get(name, 0) and not name.partition("/")[2].startswith(reads)
    }


def orders_of(story: Story, order: dict[str, Any]) -> list[dict[str, Any]]:
    return [one for one in story.orders() if f"-{order['id']}-" in one["yref"]]


def test_dry_run_shows_what_was_sent_and_writes_nothing(story: Story, order: dict[str, Any], run_store: Run) -> None:
    before, rows = calls(story), story.connector.rows("SELECT * FROM exchange ORDER BY id")

    said = run_store("exchanges", "replay", story.exchange()["id"])

    assert said.status == 0
    (held,) = orders_of(story, order)
    shown = " ".join(said.out.split())
    assert f"order {held['orno']} (confirmed)" in shown
    assert "OIS100MI/Confirm" in shown and "nothing is to be changed there" in shown
    assert "Ilica 1" not in said.out and order["billing"]["email"] not in said.out
    assert written(before, calls(story)) == {}
    assert story.connector.rows("SELECT * FROM exchange ORDER BY id") == rows


def test_people_are_shown_only_for_a_reason_which_is_noted(story: Story, order: dict[str, Any], run_store: Run) -> None:
    exchange_id = story.exchange()["id"]

    refused = run_store("exchanges", "replay", exchange_id, "--personal")
    shown = run_store("exchanges", "replay", exchange_id, "--personal", *WHY)

    assert refused.status == 1
    assert "Ilica 1" in shown.out
    (line,) = story.connector.rows("SELECT key, why FROM audit WHERE action = 'personal_data_shown'")
    assert line == {"key": f"exchange {exchange_id}", "why": "tested"}


def test_order_that_m3_holds_is_asked_for_and_never_made_again(
    story: Story, order: dict[str, Any], run_store: Run
) -> None:
    before = calls(story)

    said = run_store("exchanges", "replay", story.exchange()["id"], "--send", *WHY)
    story.go_on()

    assert said.status == 0
    assert calls(story)["OIS100MI/GetHead"] > before.get("OIS100MI/GetHead", 0)
    assert written(before, calls(story)) == {}
    assert story.complaints(order) == []
    (line,) = story.connector.rows("SELECT who, why FROM audit WHERE action = 'replay'")
    assert ("(command line)" in line["who"], line["why"]) == (True, "tested")


def test_order_that_m3_has_lost_is_a_persons_and_not_made_a_second_time(
    story: Story, order: dict[str, Any], run_store: Run
) -> None:
    exchange_id = story.exchange()["id"]
    story.sandbox.post(f"{story.sandbox.m3_url}/_control/reset", {"seed": 1})
    story.end_faults()

    run_store("exchanges", "replay", exchange_id, "--send", *WHY)
    story.connector.settle()

    exchange = story.connector.exchange(exchange_id)
    assert exchange["state"] == "dead_letter"
    assert "is not in M3 any more" in exchange["reason"]
    assert story.orders() == []


def test_what_the_shop_lacks_is_written_once(story: Story, order: dict[str, Any], run_store: Run) -> None:
    shop = story.connector.process.runtime.store("w1").shop
    shop.put_order(order["id"], {"meta_data": [{"key": "_m3_order_number", "value": ""}]})

    run_store("exchanges", "replay", story.exchange("order_status_to_woo")["id"], "--send", *WHY)
    story.go_on()

    assert story.complaints(order) == []


def test_before_the_first_write_of_a_replayed_order_m3_is_searched(story: Story, run_store: Run) -> None:
    placed = story.place(status="pending")
    story.go_on()
    exchange_id = story.exchange()["id"]
    before = calls(story)
    run_store("exchanges", "replay", exchange_id, "--send", *WHY)
    story.change(placed, status="processing")
    story.go_on()

    seen = calls(story)

    assert seen["OIS175MI/LstHeadByRef"] > before.get("OIS175MI/LstHeadByRef", 0)
    assert seen["OIS100MI/Confirm"] == 1
    assert story.complaints(placed) == []


def test_return_that_m3_holds_is_never_made_again(connector: Connector, run_store: Run) -> None:
    desk = Desk(connector, guests="common")
    desk.end_faults()
    connector.forget()
    sold = desk.invoiced()
    desk.give_back(sold, 0, 1)
    desk.go_on()
    before = calls(desk)

    run_store("exchanges", "replay", desk.exchange("refunds_to_m3")["id"], "--send", *WHY)
    desk.go_on()

    assert written(before, calls(desk)) == {}
    assert len(desk.returns()) == 1
    assert desk.exchange("refunds_to_m3")["state"] == "done"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("state = 'dead_letter', reason = 'unknown SKU'", "waits for a person: unknown SKU"),
        ("state = 'waiting'", "not over yet"),
        ("reason_code = 'discarded', reason = 'Discarded by a: b'", "A person decided"),
        ("business_key = business_key || '@1'", "another order"),
        ("flow = 'stock_to_m3'", "cannot be replayed"),
    ],
)
def test_what_cannot_be_replayed_is_refused_with_why(
    story: Story, order: dict[str, Any], run_store: Run, change: str, words: str
) -> None:
    exchange_id = story.exchange()["id"]
    story.connector.rows(f"UPDATE exchange SET {change} WHERE id = :id RETURNING id", id=exchange_id)

    said = [run_store("exchanges", "replay", exchange_id, *more) for more in ((), ("--send", *WHY))]

    assert [one.status for one in said] == [1, 1]
    assert all(words in one.flat_err and "What to do" in one.flat_err for one in said)
    assert story.connector.rows("SELECT 1 FROM audit WHERE action = 'replay'") == []


def test_every_flow_says_what_a_replay_does_or_why_there_is_none() -> None:
    assert REPLAYED.keys() | REFUSED.keys() == FLOWS.keys()
    assert not REPLAYED.keys() & REFUSED.keys()
