"""`connector webhooks`: installed once however often it is asked for."""

from __future__ import annotations

import yaml

from connector.cli.checks.shop import needed_topics
from connector.flows.registry import ORDER_TOPICS, PRODUCT_TOPICS, flow_for_topic
from connector.stores.reading import parse_store_config
from tests.harness import Connector, Sandbox, store_file
from tests.integration.cli.conftest import Run

RECEIVER = "https://receiver.example"


def _install(run: Run) -> int:
    return run("webhooks", "install", "w1", "--url", RECEIVER).status


def test_every_needed_topic_gets_one_active_webhook_to_the_store(run_store: Run) -> None:
    status = _install(run_store)

    listed = run_store("webhooks", "status", "w1", "--json")
    rows = listed.data["webhooks"]
    assert (status, listed.status) == (0, 0)
    assert sorted(row["topic"] for row in rows) == sorted(ORDER_TOPICS)
    assert {row["url"] for row in rows} == {"https://receiver.example/webhooks/woocommerce/w1"}


def _topics(**published: object) -> set[str]:
    file = {**yaml.safe_load(store_file()), "publish": published}
    return set(needed_topics(parse_store_config(yaml.safe_dump(file), source="test")))


def test_the_needed_topics_are_those_a_flow_of_the_store_listens_to() -> None:
    assert _topics() == set(ORDER_TOPICS)
    assert _topics(products={}) == {*ORDER_TOPICS, *PRODUCT_TOPICS}
    assert all(flow_for_topic(topic) for topic in _topics(products={}))


def test_installing_again_makes_no_second_one(run_store: Run) -> None:
    _install(run_store)

    again = run_store("webhooks", "install", "w1", "--url", f"{RECEIVER}/webhooks/woocommerce/w1/", "--json")

    assert {one["result"] for one in again.data} == {"updated"}
    assert len(run_store("webhooks", "status", "--json").data["webhooks"]) == len(ORDER_TOPICS)


def test_a_stopped_webhook_is_reported_and_started_again_by_installing(connector: Connector, run_store: Run) -> None:
    _install(run_store)
    shop = connector.process.runtime.store("w1").shop
    stopped = next(row for row in shop.list_webhooks() if row["topic"] == "order.updated")
    shop.update_webhook(int(stopped["id"]), {"status": "disabled"})

    before = run_store("webhooks", "status", "w1", "--json")
    _install(run_store)

    assert (before.status, before.data["missing"]) == (1, ["order.updated"])
    assert run_store("webhooks", "status", "w1").status == 0


def test_a_surplus_webhook_to_the_same_address_is_stopped(connector: Connector, run_store: Run) -> None:
    _install(run_store)
    shop = connector.process.runtime.store("w1").shop
    shop.create_webhook(
        name="twice", topic="order.created", delivery_url=f"{RECEIVER}/webhooks/woocommerce/w1", secret="another-secret"
    )

    again = run_store("webhooks", "install", "w1", "--url", RECEIVER, "--json")

    active = [row for row in shop.list_webhooks() if row["topic"] == "order.created" and row["status"] == "active"]
    assert [one["topic"] for one in again.data if one["result"] == "stopped"] == ["order.created"]
    assert len(active) == 1


def test_the_secret_is_not_shown(run_store: Run, sandbox: Sandbox) -> None:
    said = run_store("webhooks", "install", "w1", "--url", RECEIVER)

    assert "test-webhook-secret" not in said.out + said.err


def test_an_address_that_is_none_is_refused(run_store: Run) -> None:
    said = run_store("webhooks", "install", "w1", "--url", "receiver.example")

    assert said.status == 1
    assert "https://receiver.example" in said.flat_err
