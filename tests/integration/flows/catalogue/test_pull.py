"""The pull finds out what changed in M3, and makes only that due."""

from __future__ import annotations

from typing import Any

import pytest

from connector.flows.catalogue import pull as pulling
from tests.integration.flows.catalogue.assortment import Assortment


def m3_calls(assortment: Assortment) -> int:
    return int(assortment.sandbox.m3_book()["http_calls"])


def test_a_full_pull_carries_everything_and_the_next_one_nothing(assortment: Assortment) -> None:
    first = assortment.pull(full=True)
    assortment.connector.settle()
    written = assortment.writes()

    second = assortment.pull(full=True)
    assortment.connector.settle()

    assert first.changed == first.read > 100
    assert (second.changed, second.messages, assortment.writes()) == (0, [], written)


def test_a_pull_of_changes_finds_only_what_changed(assortment: Assortment) -> None:
    assortment.pull(full=True)
    assortment.connector.settle()
    written, calls = assortment.writes(), m3_calls(assortment)
    assortment.item("MUG-001", "Enamel mug, new")

    pulled = assortment.pull()
    assortment.connector.settle()

    assert pulled.changed == 1
    assert (assortment.writes(), assortment.product("MUG-001")["name"]) == (written + 1, "Enamel mug, new")
    assert m3_calls(assortment) - calls <= 5


def test_a_deleted_item_is_found_by_the_walk_and_hidden(assortment: Assortment) -> None:
    assortment.item("DEL-1", "Pot")
    assortment.pull(full=True)
    assortment.connector.settle()
    assortment.delete("DEL-1")

    pulled = assortment.pull(full=True)
    assortment.connector.settle()

    assert pulled.changed == 1
    assert assortment.product("DEL-1")["status"] == "draft"
    assert assortment.pull(full=True).changed == 0


def test_a_walk_goes_on_where_it_stopped(assortment: Assortment, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pulling, "MOST_ROWS", 20)

    parts = []
    while not (part := assortment.pull(full=True, for_s=0)).is_finished:
        parts.append(part.read)

    known = assortment.connector.rows("SELECT count(*) AS n FROM offer WHERE flow = 'items_to_woo'")[0]["n"]
    assert len(parts) > 3
    assert sum(parts) + part.read == known


def test_a_cut_list_of_changes_becomes_a_walk(assortment: Assortment, monkeypatch: pytest.MonkeyPatch) -> None:
    assortment.pull(full=True)
    monkeypatch.setattr(pulling, "MOST_ROWS", 20)
    for number in range(25):
        assortment.item(f"CUT-{number:02}", f"Pot {number}")

    pulled = assortment.pull()

    assert pulled.changed == 25


def test_a_changed_rule_makes_every_item_due(assortment: Assortment) -> None:
    everything = assortment.pull(full=True).read
    assortment.configure(variations={"by": "style"}, categories=["ITGR"])

    assert assortment.pull(full=True).changed == everything


def test_names_come_in_the_language_of_the_store(assortment: Assortment) -> None:
    assortment.configure(language="DE")
    assortment.item("LNG-1", "Pot", names={"DE": {"itds": "Topf", "fuds": "Ein Topf"}})

    assortment.carry("LNG-1")

    assert assortment.product("LNG-1")["name"] == "Topf"


def test_a_store_that_publishes_no_items_asks_nobody(assortment: Assortment) -> None:
    file: dict[str, Any] = {}
    assortment.publish(file)
    calls = m3_calls(assortment)

    pulled = assortment.pull(full=True)

    assert (pulled.read, m3_calls(assortment)) == (0, calls)
