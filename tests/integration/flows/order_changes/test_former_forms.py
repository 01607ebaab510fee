"""A change that was begun by an older or a newer version of the connector, and is under way while it is exchanged.

The rows were recorded from those versions (tests/fixtures/ledger): M3 has taken a quantity and a line, and has not entered them.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from connector.ledger.people import discard
from connector.ledger.session import transaction
from tests.harness import ROOT, SETTLED_S
from tests.integration.flows.order_changes.desk import Desk
from tests.integration.flows.order_changes.test_late_effects import LONG_S, enter_after, hunt, pass_time_in_m3, take
from tests.integration.flows.story import Story

ROWS = ROOT / "tests" / "fixtures" / "ledger"
FORMER = sorted(ROWS.glob("change_form_*.json"))


@pytest.fixture
def desk(common: Story) -> Desk:
    """An order of which M3 has taken five mugs and two pans, and shows neither."""
    desk = Desk(common)
    enter_after(desk, LONG_S)
    mugs = desk.quantity_of("MUG-001", 5)["line_items"]
    desk.order = desk.story.change(desk.order, line_items=[*mugs, {"sku": "PAN-28", "quantity": 2}])
    desk.story.connector.drain()
    assert desk.story.exchange()["state"] == "waiting"
    return desk


def keep(desk: Desk, change: dict[str, Any]) -> None:
    """Puts what another version kept in the place of what this one did; earlier ones kept nothing else of it."""
    statement = """
        UPDATE document SET plan = (plan - 'left' - 'has_texts') || jsonb_build_object('change', CAST(:change AS jsonb))
        WHERE kind = 'batch_order' RETURNING id"""
    assert len(desk.story.connector.rows(statement, change=json.dumps(change))) == 1


def recorded(desk: Desk, row: Path) -> dict[str, Any]:
    """Returns a recorded row as if it had been kept just now."""
    (now,) = desk.story.connector.rows("SELECT ledger_now() AS moment")
    text = re.sub(r"\d{4}-\d\d-\d\dT[^\"]+", now["moment"].isoformat(), row.read_text(encoding="utf-8"))
    change: dict[str, Any] = json.loads(text)
    return change


def go_on(desk: Desk) -> None:
    desk.story.connector.pass_time(SETTLED_S)
    desk.story.go_on()


def kept(desk: Desk) -> dict[str, Any] | None:
    (row,) = desk.story.connector.rows("SELECT plan -> 'change' AS change FROM document WHERE kind = 'batch_order'")
    change: dict[str, Any] | None = row["change"]
    return change


def sent(desk: Desk) -> list[int]:
    calls = desk.story.sandbox.m3_book()["calls"]
    return [calls[f"OIS100MI/{name}"] for name in ("ChgLineBatchEnt", "AddLineBatchEnt")]


@pytest.mark.parametrize("row", FORMER, ids=[row.stem for row in FORMER])
def test_change_begun_by_a_former_version_is_waited_for_and_ended(desk: Desk, row: Path) -> None:
    keep(desk, recorded(desk, row))
    desk.story.connector.pass_time(SETTLED_S)
    desk.story.connector.drain()
    waiting = (desk.story.exchange()["state"], sent(desk))

    enter_after(desk, 0)
    pass_time_in_m3(desk, LONG_S + 100)
    desk.story.connector.pass_time(LONG_S)
    desk.story.go_on()

    assert waiting == ("waiting", [1, 1])
    assert sent(desk) == [1, 1]
    assert desk.shop_and_m3_differ() == []


def test_note_that_a_former_version_was_writing_is_known_for_ours(common: Story) -> None:
    desk = Desk(common)
    desk.story.m3_fault("OIS100MI/AddText", "drop_after_commit")
    desk.order = desk.story.change(desk.order, customer_note="Ring at Horvat")
    desk.story.connector.drain()
    keep(desk, recorded(desk, ROWS / "note_form_3.json"))

    go_on(desk)

    plans = str(desk.story.connector.rows("SELECT plan - 'content' AS plan FROM document"))
    assert desk.held["text_blocks"]["WEB1"].endswith("Ring at Horvat")
    assert (desk.story.exchange()["state"], "Horvat" in plans) == ("done", False)


def test_all_former_forms_are_recorded() -> None:
    assert [row.stem for row in FORMER] == ["change_form_1", "change_form_2", "change_form_3"]


def test_change_begun_by_a_newer_version_waits_for_a_person_or_that_version(desk: Desk) -> None:
    change = kept(desk)
    assert change is not None
    keep(desk, {**change, "form": change["form"] + 1, "entered": "as nobody knows yet"})
    enter_after(desk, 0)
    go_on(desk)
    told = desk.story.exchange()
    keep(desk, change)  # that version is back
    pass_time_in_m3(desk, LONG_S + 100)

    desk.story.revive()

    assert (told["state"], told["reason_code"]) == ("dead_letter", "needs_person")
    assert "this version reads up to" in told["reason"]
    assert desk.shop_and_m3_differ() == []


def test_person_who_settles_a_change_of_a_newer_version_is_believed(desk: Desk) -> None:
    change = kept(desk)
    assert change is not None
    keep(desk, {**change, "form": change["form"] + 1})
    go_on(desk)

    with transaction(desk.story.connector.engine) as connection:
        discard(connection, desk.story.exchange()["id"], who="test", why="entered by hand")
    desk.story.go_on()

    assert (desk.story.exchange()["state"], desk.held["held"], kept(desk)) == ("done", False, None)


def test_person_who_settles_what_a_newer_version_only_watches_is_believed(common: Story) -> None:
    desk = Desk(common)
    take(desk, 5)
    desk.story.change(desk.order, **desk.quantity_of("MUG-001", 3))
    desk.story.go_on()
    change = kept(desk)
    assert change is not None
    assert change["done"]
    keep(desk, {**change, "form": change["form"] + 1})
    desk.story.connector.pass_time(LONG_S)
    hunt(desk)
    told = desk.story.exchange()

    with transaction(desk.story.connector.engine) as connection:
        discard(connection, told["id"], who="test", why="looked at by hand")
    desk.story.go_on()

    assert (told["state"], desk.story.exchange()["state"], kept(desk)) == ("dead_letter", "done", None)
