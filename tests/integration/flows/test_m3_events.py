"""A message of M3 that nobody could use: released after the places are corrected, it does what it should have done."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest
from sqlalchemy import Engine

from connector.flows.event_intake import BodMessage, EventMessage, TakenIn, take_bod, take_event
from connector.ion.ims import Parameters
from connector.ion.payload import open_payload
from connector.ion.rules import load_event_rules
from connector.ledger.people import release
from connector.ledger.session import transaction
from tests.harness import ROOT, STORE, Connector, Sandbox

SAMPLE = (ROOT / "tests" / "fixtures" / "ion" / "06-sync-itemmaster-changed.xml").read_bytes()
RIGHT = "ItemMasterHeader/ItemID/ID"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A configuration folder of its own whose place of the item number is wrong."""
    folder = tmp_path / "config"
    for path in (ROOT / "config").rglob("*.yaml"):
        copied = folder / path.relative_to(ROOT / "config")
        copied.parent.mkdir(parents=True, exist_ok=True)
        copied.write_bytes(path.read_bytes())
    _write(folder, "bods.yaml", old=RIGHT, new="ItemMasterHeader/Number")
    _write(folder, "events.yaml", old='"**.ITNO", "**.MBITNO"', new='"record.item"')
    return folder


def _write(folder: Path, name: str, *, old: str, new: str) -> None:
    path = folder / "ion" / name
    content = path.read_text(encoding="utf-8")
    assert old in content
    path.write_text(content.replace(old, new), encoding="utf-8")


@pytest.fixture
def connector(engine: Engine, valkey_url: str, sandbox: Sandbox, tmp_path: Path, config: Path) -> Iterator[Connector]:
    running = Connector(engine, valkey_url=valkey_url, sandbox=sandbox, home=tmp_path, config=config)
    yield running
    running.close()


def deliver(connector: Connector, document: bytes, *, config: Path, message_id: str = "m-1") -> TakenIn:
    payload = open_payload(BytesIO(document))
    message = BodMessage(STORE, "", Parameters({"messageId": message_id}), payload)
    try:
        return take_bod(connector.engine, message, rules=load_event_rules(config), scope_of=lambda _: "SANDBOX_TST/1")
    finally:
        payload.close()


def held(connector: Connector) -> dict[str, object]:
    (row,) = connector.rows("SELECT id, state, reason_code, reason FROM exchange WHERE flow = 'm3_events'")
    return row


def let_go(connector: Connector) -> None:
    with transaction(connector.engine) as connection:
        release(connection, int(str(held(connector)["id"])), who="test")


def items(connector: Connector) -> list[tuple[str, str]]:
    return [(row["flow"], row["item_number"]) for row in connector.rows("SELECT flow, item_number FROM offer")]


@pytest.mark.parametrize("document", [SAMPLE, gzip.compress(SAMPLE)])
def test_released_after_the_places_are_corrected_it_makes_due_what_it_calls_for(
    connector: Connector, config: Path, document: bytes
) -> None:
    assert not deliver(connector, document, config=config).is_usable
    assert items(connector) == []
    _write(config, "bods.yaml", old="ItemMasterHeader/Number", new=RIGHT)

    let_go(connector)
    ended = connector.run(int(str(held(connector)["id"])))

    assert ended.state == "done"
    assert items(connector) == [("items_to_woo", "TSHIRT-BLK-M")]
    assert connector.rows("SELECT 1 FROM watermark WHERE document_id = 'TSHIRT-BLK-M'")
    assert connector.rows("SELECT 1 FROM exchange WHERE flow = 'items_to_woo' AND state = 'ready'")


def test_released_it_is_taken_although_the_version_of_its_document_was_known(
    connector: Connector, config: Path
) -> None:
    _write(config, "bods.yaml", old="id: ItemMasterHeader/Number", new=f"id: {RIGHT}")
    assert not deliver(connector, SAMPLE, config=config).is_usable
    _write(config, "bods.yaml", old="ItemMasterHeader/Number", new=RIGHT)

    let_go(connector)
    assert connector.run(int(str(held(connector)["id"]))).state == "done"

    assert items(connector) == [("items_to_woo", "TSHIRT-BLK-M")]


def test_released_without_a_correction_it_waits_for_a_person_again(connector: Connector, config: Path) -> None:
    deliver(connector, SAMPLE, config=config)

    let_go(connector)
    ended = connector.run(int(str(held(connector)["id"])))

    assert ended.state == "dead_letter"
    assert held(connector)["reason_code"] == "invalid_payload"
    assert "names nothing for items_to_woo" in str(held(connector)["reason"])


def test_a_file_that_is_wrong_is_told_by_the_message_and_does_not_pause_the_store(
    connector: Connector, config: Path
) -> None:
    deliver(connector, SAMPLE, config=config)
    _write(config, "bods.yaml", old="verbs:", new="verb:")

    let_go(connector)
    ended = connector.run(int(str(held(connector)["id"])))

    assert ended.state == "dead_letter"
    assert "bods.yaml" in str(held(connector)["reason"])
    assert connector.rows("SELECT 1 FROM store WHERE paused_by IS NOT NULL") == []


def test_sent_again_after_the_correction_it_is_taken_though_its_id_is_known(connector: Connector, config: Path) -> None:
    deliver(connector, SAMPLE, config=config)
    _write(config, "bods.yaml", old="ItemMasterHeader/Number", new=RIGHT)

    assert deliver(connector, SAMPLE, config=config).is_usable

    assert items(connector) == [("items_to_woo", "TSHIRT-BLK-M")]
    let_go(connector)
    assert connector.run(int(str(held(connector)["id"]))).state == "done", "taken before"


def test_what_is_no_xml_stays_a_dead_letter_with_words(connector: Connector, config: Path) -> None:
    deliver(connector, b"no xml", config=config)

    let_go(connector)
    ended = connector.run(int(str(held(connector)["id"])))

    assert ended.state == "dead_letter"
    assert "cannot be read as XML" in str(held(connector)["reason"])


def test_a_message_whose_content_was_not_kept_says_so(connector: Connector, config: Path) -> None:
    payload = open_payload(BytesIO(gzip.compress(b"<" + b" " * 2_000_000)), most_bytes=1_000_000)
    message = BodMessage(STORE, "", Parameters({}), payload)
    take_bod(connector.engine, message, rules=load_event_rules(config), scope_of=lambda _: "")
    payload.close()

    let_go(connector)
    ended = connector.run(int(str(held(connector)["id"])))

    assert ended.state == "dead_letter"
    assert "was not kept" in str(held(connector)["reason"])


def test_a_released_event_is_read_again_with_its_table(connector: Connector, config: Path) -> None:
    event = EventMessage(STORE, "MITBAL", b'{"ITNO": "A100"}', "0" * 64)
    assert not take_event(connector.engine, event, rules=load_event_rules(config), scope_of=lambda _: "").is_usable
    _write(config, "events.yaml", old='"record.item"', new='"**.ITNO"')

    let_go(connector)

    assert connector.run(int(str(held(connector)["id"]))).state == "done"
    assert items(connector) == [("stock_to_woo", "A100")]
