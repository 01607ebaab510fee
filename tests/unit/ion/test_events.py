"""Events of M3's own subscriber: any JSON, keys by configured places."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from connector.errors import ConfigurationError, InvalidPayloadError
from connector.ion.due import Due
from connector.ion.events import M3Event, read_event, values_at
from connector.ion.rule_book import RuleBook
from connector.ion.rules import load_event_rules

CONFIG = Path(__file__).parents[3] / "config"
RULES = load_event_rules(CONFIG)


def read(content: Any, *, table: str = "") -> M3Event:
    return read_event(json.dumps(content).encode(), RULES, table=table)


STOCK = (Due("stock_to_woo", ("A100",)),)


@pytest.mark.parametrize(
    "content",
    [
        {"eventName": "MITBAL", "ITNO": "A100", "WHLO": "001"},
        {"event": {"name": "M3:MITBAL"}, "table": "MITBAL", "record": {"MBITNO": "A100  "}},
        {"documentName": "mitbal", "elements": [{"name": "WHLO", "value": "001"}, {"name": "ITNO", "value": "A100"}]},
        [{"TableName": "MITBAL", "before": {"itno": "A100"}, "after": {"itno": "A100"}}],
    ],
)
def test_the_item_of_a_changed_balance_is_found_in_many_shapes(content: Any) -> None:
    event = read(content)

    assert (event.table, event.due, event.problem) == ("MITBAL", STOCK, "")


def test_the_address_says_the_table_if_the_event_does_not() -> None:
    assert read({"ITNO": "A100"}, table="MITBAL").due == STOCK
    assert read({"table": "MITMAS", "ITNO": "A100"}, table="MITBAL").due == STOCK


@pytest.mark.parametrize(
    "content", [{}, [], 7, None, "MITBAL", {"table": "OTHER"}, {"table": ["x", 3]}, {"table": {"a": 1}}]
)
def test_what_nobody_listens_to_is_no_problem(content: Any) -> None:
    event = read(content)

    assert not event.is_listened_to
    assert (event.due, event.problem) == ((), "")


@pytest.mark.parametrize(
    "content", [{"table": "MITBAL"}, {"table": "MITBAL", "ITNO": ""}, {"table": "MITBAL", "ITNO": "x" * 99}]
)
def test_a_table_without_a_usable_key_is_a_problem_that_names_the_places(content: Any) -> None:
    event = read(content)

    assert event.is_listened_to
    assert "**.ITNO" in event.problem


@pytest.mark.parametrize("body", [b"", b"<a/>", b"{", b"\xff", b'{"a": NaN}'])
def test_what_is_no_json_is_refused(body: bytes) -> None:
    with pytest.raises(InvalidPayloadError):
        read_event(body, RULES)


def test_a_deep_or_wide_event_is_read() -> None:
    deep = '{"table": "MITBAL", "a": ' + '[{"x": ' * 400 + '{"ITNO": "A100"}' + "}]" * 400 + "}"

    assert read_event(deep.encode(), RULES).due == STOCK
    assert read({"table": "MITBAL", "ITNO": "A100", "wide": list(range(200_000))}).is_listened_to


def test_a_path_with_dots_is_followed_through_lists() -> None:
    content = {"document": {"rows": [{"ITNO": "A"}, {"itno": 5}, {"ITNO": True}, {"ITNO": None}]}}

    assert values_at(content, "document.rows.ITNO") == ["A", "5"]


@pytest.mark.parametrize(
    ("name", "old", "new", "said"),
    [
        (
            "bods.yaml",
            "ItemMasterHeader/ItemID/ID\n    #",
            "ItemMasterHeader//[\n    #",
            "nouns.ItemMaster.id is no XPath",
        ),
        ("bods.yaml", "items_to_woo:", "items_to_shop:", "'items_to_shop' is none of"),
        ("bods.yaml", "verbs: [Sync, Show]", "verbs: 7", "verbs"),
        ("events.yaml", "stock_to_woo:", "stock:", "'stock' is none of"),
        ("events.yaml", "tables:", "tables: [", "is not readable YAML"),
        ("events.yaml", "", "", ""),
    ],
)
def test_a_wrong_rule_is_named_with_its_file(tmp_path: Path, name: str, old: str, new: str, said: str) -> None:
    (tmp_path / "ion").mkdir()
    for file in ("bods.yaml", "events.yaml"):
        text = (CONFIG / "ion" / file).read_text(encoding="utf-8")
        assert file != name or old in text
        (tmp_path / "ion" / file).write_text(text.replace(old, new, 1) if file == name else text, encoding="utf-8")
    if not said:
        (tmp_path / "ion" / name).unlink()

    with pytest.raises(ConfigurationError) as raised:
        load_event_rules(tmp_path)

    assert name in raised.value.message
    assert said in raised.value.message
    assert raised.value.resolution


def test_a_corrected_file_counts_at_once(tmp_path: Path) -> None:
    (tmp_path / "ion").mkdir()
    for file in ("bods.yaml", "events.yaml"):
        (tmp_path / "ion" / file).write_bytes((CONFIG / "ion" / file).read_bytes())
    rules = RuleBook(tmp_path)
    before = rules()
    path = tmp_path / "ion" / "events.yaml"
    text = path.read_text(encoding="utf-8")

    path.write_text("wrong", encoding="utf-8")
    with pytest.raises(ConfigurationError):
        rules()
    path.write_text(text + "  CUGEX1:\n    items_to_woo: ['**.PK01']\n", encoding="utf-8")

    assert "CUGEX1" not in before.tables
    assert "CUGEX1" in rules().tables
    assert rules() is rules()
