"""Nobody has to remember the table: a flow without a story, or a write without a step, fails here."""

from __future__ import annotations

import ast
from collections.abc import Callable
from unittest.mock import patch

import pytest

from connector.flows.context import Run
from connector.flows.outcome import Done
from connector.flows.registry import FLOWS, FlowEntry
from connector.ledger.document_records import References
from connector.ledger.inbox import Received, record_delivery
from connector.m3.programs import batch_orders
from tests.acceptance.crash_points import books
from tests.acceptance.crash_points.cases import Plan
from tests.acceptance.crash_points.world import World
from tests.harness import ROOT, STORE
from tests.integration.flows.story import quick_store
from workers.jobs import JOBS

FLOW_FILES = "connector/flows"


def test_every_registered_flow_has_points(plan: Plan) -> None:
    assert plan.flows_without_points() == []


def test_every_periodic_job_has_points(plan: Plan) -> None:
    told = {point.flow for points in plan.points.values() for _, point in points}

    assert sorted(set(JOBS) - told) == []


def test_every_place_in_the_flows_that_intends_a_write_is_passed_in_a_story(plan: Plan) -> None:
    passed = {(file, function) for file, function in plan.intends if file.startswith(FLOW_FILES)}

    assert sorted(places_that_intend() - passed) == []


def places_that_intend() -> set[tuple[str, str]]:
    """Returns file and function of every call of `intend` in the flows."""
    found = set()
    for path in sorted((ROOT / FLOW_FILES).rglob("*.py")):
        for function in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(function, ast.FunctionDef) and any(map(is_intend, ast.walk(function))):
                found.add((str(path.relative_to(ROOT)), function.name))
    return found


def is_intend(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "intend"


def test_no_story_sends_a_write_without_an_intended_step(plan: Plan) -> None:
    assert plan.wrong == {}


def test_flow_that_nobody_tells_of_is_named(plan: Plan) -> None:
    with patch.dict(FLOWS, {"careless": FlowEntry("careless", "orders", forgets_the_step_in_m3)}):
        assert plan.flows_without_points() == ["careless"]


def forgets_the_step_in_m3(run: Run) -> Done:
    run.store.m3.write([batch_orders.delete_batch_head("1")])
    return Done("")


def forgets_the_step_in_the_shop(run: Run) -> Done:
    order = next(iter(run.store.shop.list_orders()))
    run.store.shop.add_note(int(order["id"]), "hello")
    return Done("")


def writes_while_it_reads(run: Run) -> Done:
    run.store.m3.read([batch_orders.delete_batch_head("1")])
    return Done("")


def writes_twice_behind_one_step(run: Run) -> Done:
    document = run.journal.begin_document("t", m3_scope=run.store.m3_scope, references=References(), plan={})
    intent = run.journal.intend(document.id, "add", request={}, told=[])
    run.journal.send(intent, lambda: run.store.m3.write([batch_orders.delete_batch_head("1")]))
    run.store.m3.write([batch_orders.delete_batch_head("2")])
    return Done("")


def sends_before_it_commits(run: Run) -> Done:
    document = run.journal.begin_document("t", m3_scope=run.store.m3_scope, references=References(), plan={})
    run.journal.intend(document.id, "add", request={}, told=[])
    run.store.m3.write([batch_orders.delete_batch_head("1")])
    return Done("")


CARELESS = (
    *(forgets_the_step_in_m3, forgets_the_step_in_the_shop, writes_while_it_reads),
    *(writes_twice_behind_one_step, sends_before_it_commits),
)


@pytest.mark.parametrize("careless", CARELESS, ids=lambda one: one.__name__)
def test_flow_that_writes_without_a_step_is_noticed(world: World, careless: Callable[[Run], Done]) -> None:
    world.start(quick_store(guests="common"))
    world.sandbox.place(lines=[{"sku": "MUG-001", "quantity": 1}])

    with patch.dict(FLOWS, {"careless": FlowEntry("careless", "orders", careless)}):
        record_delivery(world.connector.engine, told_of("careless"))
        world.go_on()

    assert len(world.trap.unintended) == 1
    assert "written without an intended step" in str(books.of_rest_alone(world))


def test_flow_that_asks_while_a_transaction_is_open_is_noticed(world: World) -> None:
    world.start(quick_store(guests="common"))

    with patch.dict(FLOWS, {"careless": FlowEntry("careless", "orders", asks_before_it_commits)}):
        record_delivery(world.connector.engine, told_of("careless"))
        world.go_on()

    assert world.trap.held_over == {"careless: GET orders"}
    assert "asked while a transaction was open" in str(books.of_rest_alone(world))


def asks_before_it_commits(run: Run) -> Done:
    list(run.store.shop.list_orders())
    return Done("")


def told_of(flow: str) -> Received:
    return Received(
        store=STORE,
        source="cli",
        topic="order.asked",
        kind="order",
        resource_id="1",
        flow=flow,
        business_key="1",
        pool="orders",
        body=None,
        body_size=0,
        body_sha256="",
        is_full=False,
    )
