"""What is due per item: marked any number of times, taken once it is quiet, settled one by one; an exchange is woken for it."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Connection, Engine

from connector.flows.registry import FLOWS
from connector.ledger.bound_products import FORGET_PRODUCTS, REMEMBER_PRODUCTS, Product, bound, find_products
from connector.ledger.claims import claim
from connector.ledger.offers import (
    ALL,
    POSTPONE_OFFERS,
    SETTLE_OFFERS,
    Offer,
    Result,
    Source,
    count_offers,
    keep_sources,
    mark_all_due,
    mark_due,
    next_due_in_s,
    postponed,
    settled,
    take_due,
    wake_due,
)
from connector.ledger.prepared import Prepared, run_together
from connector.ledger.session import transaction
from connector.ledger.waking import POOLS, wake
from tests.integration.ledger.conftest import change, let_pass

FLOW = "stock_to_woo"
_ECHO = Prepared("test_echo", "SELECT :text AS text", types={})


def stage(connection: Connection, statement: Prepared, values: dict[str, Any]) -> None:
    run_together(connection, [(statement, values), (_ECHO, {"text": "done"})])


def take(connection: Connection, **how: float) -> list[Offer]:
    return take_due(connection, "w1", flow=FLOW, most=100, **how)


def settle(connection: Connection, *results: Result) -> None:
    stage(connection, SETTLE_OFFERS, settled("w1", flow=FLOW, results=results))


def test_many_marks_make_one_due_offer_and_one_message(ledger: Engine) -> None:
    with transaction(ledger) as connection:
        messages = [mark_due(connection, "w1", flow=FLOW, item_numbers=["B", "A", "B"]) for _ in range(5)]

        assert [len(some) for some in messages] == [1, 0, 0, 0, 0]
        assert [(one.item_number, one.rev) for one in take(connection)] == [("A", 5), ("B", 5)]


def test_news_of_another_store_or_flow_are_its_own(ledger: Engine) -> None:
    with transaction(ledger) as connection:
        mark_due(connection, "w2", flow=FLOW, item_numbers=["A"])
        mark_due(connection, "w1", flow="prices_to_woo", item_numbers=["A"])

        assert take(connection) == []


def test_what_was_heard_during_a_run_stays_due(ledger: Engine) -> None:
    with transaction(ledger) as connection:
        mark_due(connection, "w1", flow=FLOW, item_numbers=["A", "B"])
        a, b = take(connection)
        mark_due(connection, "w1", flow=FLOW, item_numbers=["B"])
        settle(connection, Result(item_number="A", rev=a.rev, written={"q": "1"}), Result(item_number="B", rev=b.rev))

        assert [one.item_number for one in take(connection)] == ["B"]
        assert count_offers(connection, "w1", flow=FLOW).due == 1


def test_burst_is_waited_out_but_not_for_ever(ledger: Engine) -> None:
    with transaction(ledger) as connection:
        mark_due(connection, "w1", flow=FLOW, item_numbers=["A"])

        assert take(connection, quiet_s=50, longest_s=200) == []
        wait_s = next_due_in_s(connection, "w1", flow=FLOW, quiet_s=50, longest_s=200)
        assert wait_s is not None and 20 < wait_s <= 50

    for _ in range(6):
        let_pass(ledger, 40)
        with transaction(ledger) as connection:
            mark_due(connection, "w1", flow=FLOW, item_numbers=["A"])
    with transaction(ledger) as connection:
        assert len(take(connection, quiet_s=50, longest_s=200)) == 1


def test_problem_ends_an_offer_until_something_new_is_heard(ledger: Engine) -> None:
    with transaction(ledger) as connection:
        mark_due(connection, "w1", flow=FLOW, item_numbers=["A"])
        (a,) = take(connection)
        settle(
            connection, Result(item_number="A", rev=a.rev, code="no_name", problem="A has no name.", remedy="Name it.")
        )

        assert take(connection) == []
        assert count_offers(connection, "w1", flow=FLOW).problems == 1
        mark_due(connection, "w1", flow=FLOW, item_numbers=["A"])
        (a,) = take(connection)
        assert a.problem_code == "no_name"
        settle(connection, Result(item_number="A", rev=a.rev, written={"name": "Mug"}))
        assert count_offers(connection, "w1", flow=FLOW).problems == 0


def test_offer_that_is_tried_again_is_left_alone_until_then_and_woken_by_the_sweep(ledger: Engine) -> None:
    with transaction(ledger) as connection:
        mark_due(connection, "w1", flow=FLOW, item_numbers=["A"])
        (a,) = take(connection)
        settle(connection, Result(item_number="A", rev=a.rev, code="busy", problem="The shop is busy.", retry_s=30))
        assert take(connection) == []
    change(ledger, "UPDATE exchange SET state = 'done'")

    with transaction(ledger) as connection:
        assert wake_due(connection) == []
    let_pass(ledger, 31)
    with transaction(ledger) as connection:
        assert len(wake_due(connection)) == 1
        assert [one.tries for one in take(connection)] == [1]


def test_what_may_still_arrive_is_compared_once_more(ledger: Engine) -> None:
    with transaction(ledger) as connection:
        mark_due(connection, "w1", flow=FLOW, item_numbers=["A"])
        (a,) = take(connection)
        stage(connection, POSTPONE_OFFERS, postponed("w1", flow=FLOW, item_numbers=["A"], in_s=60))
        settle(connection, Result(item_number="A", rev=a.rev, written={"q": "1"}))

    let_pass(ledger, 61)
    with transaction(ledger) as connection:
        assert [one.item_number for one in take(connection)] == ["A"]


def test_news_is_carried_at_once_but_the_look_after_a_lost_answer_stays_owed(ledger: Engine) -> None:
    with transaction(ledger) as connection:
        mark_due(connection, "w1", flow=FLOW, item_numbers=["A"])
        stage(connection, POSTPONE_OFFERS, postponed("w1", flow=FLOW, item_numbers=["A"], in_s=60))
        assert take(connection) == []
        mark_due(connection, "w1", flow=FLOW, item_numbers=["A"])
        (a,) = take(connection)
        mark_due(connection, "w1", flow=FLOW, item_numbers=["A"])
        settle(connection, Result(item_number="A", rev=a.rev, written={"quantity": "7"}))
        (a,) = take(connection)
        settle(connection, Result(item_number="A", rev=a.rev, written={"quantity": "7"}))
        assert take(connection) == []

    change(ledger, "UPDATE exchange SET state = 'done'")
    let_pass(ledger, 61)
    with transaction(ledger) as connection:
        assert len(wake_due(connection)) == 1
        (a,) = take(connection)
        assert a.written == {}
        settle(connection, Result(item_number="A", rev=a.rev, written={"quantity": "7"}))
        assert count_offers(connection, "w1", flow=FLOW).due == 0
        mark_due(connection, "w1", flow=FLOW, item_numbers=["A"])
        assert [one.written for one in take(connection)] == [{"quantity": "7"}]


def test_look_begun_before_a_late_write_could_arrive_is_not_the_last(ledger: Engine) -> None:
    with transaction(ledger) as connection:
        mark_due(connection, "w1", flow=FLOW, item_numbers=["A"])
        stage(connection, POSTPONE_OFFERS, postponed("w1", flow=FLOW, item_numbers=["A"], in_s=60))
        mark_due(connection, "w1", flow=FLOW, item_numbers=["A"])
        (a,) = take(connection)

    let_pass(ledger, 61)
    with transaction(ledger) as connection:
        settle(connection, Result(item_number="A", rev=a.rev, written={"quantity": "7"}))
        assert [one.written for one in take(connection)] == [{}]


def test_only_items_whose_facts_changed_become_due(ledger: Engine) -> None:
    def keep(**facts: str) -> list[str]:
        with transaction(ledger) as connection:
            sources = [Source(item_number=number, facts={"name": name}) for number, name in facts.items()]
            return keep_sources(connection, "w1", flow=FLOW, sources=sources)

    assert sorted(keep(A="mug", B="pan")) == ["A", "B"]
    assert keep(A="mug", B="pan") == []
    assert keep(A="mug", B="pot") == ["B"]
    assert keep(A="\x00mug") == ["A"]  # M3 may send anything
    with transaction(ledger) as connection:
        assert [one.source["name"] for one in take(connection)] == ["\ufffdmug", "pot"]


def test_product_belongs_to_one_item(ledger: Engine) -> None:
    def product(item_number: str) -> Product:
        return Product(item_number=item_number, sku=item_number, product_id=7, kind="simple")

    with transaction(ledger) as connection:
        stage(connection, REMEMBER_PRODUCTS, bound("w1", [product("A")]))
        stage(connection, FORGET_PRODUCTS, bound("w1", [product("B")]))
        stage(connection, REMEMBER_PRODUCTS, bound("w1", [product("B")]))

        assert find_products(connection, "w1", item_numbers=["A", "B"]) == {"B": product("B")}
        assert len(mark_all_due(connection, "w1", flow=FLOW)) == 1
        assert [(one.item_number, one.product_id) for one in take(connection)] == [("B", 7)]


@pytest.mark.parametrize(("state", "sent"), [("done", 1), ("dead_letter", 1), ("waiting", 1), ("ready", 0)])
def test_woken_exchange_is_sent_unless_a_message_is_on_its_way(ledger: Engine, state: str, sent: int) -> None:
    with transaction(ledger) as connection:
        wake(connection, "w1", flow=FLOW, business_key=ALL)
    change(ledger, "UPDATE exchange SET state = :state, reason = 'because'", state=state)

    with transaction(ledger) as connection:
        assert len(wake(connection, "w1", flow=FLOW, business_key=ALL)) == sent
        assert connection.exec_driver_sql("SELECT state, wanted_rev FROM exchange").all() == [("ready", 2)]


def test_running_exchange_looks_again_by_itself(ledger: Engine) -> None:
    with transaction(ledger) as connection:
        (message,) = wake(connection, "w1", flow=FLOW, business_key=ALL)
    with transaction(ledger) as connection:
        held = claim(connection, message.exchange_id, worker="a")
        assert held is not None
        assert wake(connection, "w1", flow=FLOW, business_key=ALL) == []
        assert connection.exec_driver_sql("SELECT state, wanted_rev FROM exchange").all() == [("running", 2)]


def test_pools_are_those_of_the_registry() -> None:
    known = {name: entry.pool for name, entry in FLOWS.items() if name in POOLS}
    assert known == {name: POOLS[name] for name in known}
