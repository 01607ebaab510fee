"""Imports point down, a flow is one name everywhere, and what a flow needs to run exists."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from connector.broker import QUEUES
from connector.flows.registry import FLOWS, ORDER_TOPICS, flow_for_topic
from connector.ledger.tables import State
from connector.rule_files import MAPPING_ROOTS, load_mappings
from connector.settings import read_settings
from connector.stores.reading import parse_store_config
from workers.jobs import JOBS
from workers.schedule import beat_schedule

ROOT = Path(__file__).parents[2]
OURS = ("connector", "workers", "webhook_receiver")
FILES = sorted(path for package in OURS for path in (ROOT / package).rglob("*.py"))


def by_path(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_imports_keep_the_contracts() -> None:
    # In a process of its own: its command line switches off every logger made before.
    checked = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"], cwd=ROOT, capture_output=True, text=True
    )

    assert checked.returncode == 0, checked.stdout


def test_packages_have_empty_init_files() -> None:
    filled = [
        by_path(path) for path in FILES if path.name == "__init__.py" and path.read_text(encoding="utf-8").strip()
    ]

    assert filled == []


@pytest.mark.parametrize("path", [path for path in FILES if path.name != "__init__.py"], ids=by_path)
def test_a_module_says_what_it_is_for_and_imports_nothing_inside_functions(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    inner = [part for one in functions for part in ast.walk(one) if isinstance(part, ast.Import | ast.ImportFrom)]

    assert ast.get_docstring(tree)
    assert inner == []


@pytest.mark.parametrize("name", FLOWS)
def test_a_flow_has_one_name_a_pool_and_a_module_of_that_name(name: str) -> None:
    flow = FLOWS[name]

    assert flow.name == name
    assert flow.pool in QUEUES
    assert (ROOT / "connector" / "flows" / f"{name}.py").is_file()
    assert flow.run.__module__ == f"connector.flows.{name}"


def test_no_two_flows_listen_to_one_topic() -> None:
    topics = [topic for flow in FLOWS.values() for topic in flow.topics]

    assert len(topics) == len(set(topics))
    assert {flow_for_topic(topic) for topic in ORDER_TOPICS} == {FLOWS["orders_to_m3"]}
    assert flow_for_topic("coupon.created") is None


def test_every_mapping_file_belongs_to_a_flow_and_loads_for_the_example_store() -> None:
    files = {path.stem for path in (ROOT / "config" / "mappings").glob("*.yaml")}
    example = ROOT / "config" / "stores" / "example.yaml"
    config = parse_store_config(example.read_text(encoding="utf-8"), source=str(example))

    mappings = load_mappings(ROOT / "config", config)

    assert files == set(mappings) == set(MAPPING_ROOTS)
    assert files <= set(FLOWS)


def test_beat_sends_every_periodic_job_to_a_queue_that_exists() -> None:
    entries = beat_schedule(read_settings({"DATABASE_URL": "postgresql://ledger", "REDIS_URL": "redis://broker"}))

    assert {entry["args"][0] for entry in entries.values() if entry["task"] == "job"} == set(JOBS)
    assert {entry["options"]["queue"] for entry in entries.values()} <= set(QUEUES)


def test_the_states_of_an_exchange_are_those_of_the_design() -> None:
    assert list(State) == ["ready", "running", "waiting", "blocked", "dead_letter", "done"]
