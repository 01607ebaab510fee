"""What each kind of rule gives, what is refused, and what the fingerprint reads."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest

from connector.errors import MappingError
from connector.mapping.rules import Note as LossNote
from tests.unit.mapping.examples import Note, Thing, fields_of, load

NAME = "NAME: {constant: N}\n"


def code(rule: str, **values: object) -> str | None:
    return fields_of(load(f"{NAME}{rule}"), **values).get("CODE")


def refused(fields: str, **values: object) -> MappingError:
    with pytest.raises(MappingError) as caught:
        fields_of(load(fields), **values)
    return caught.value


def test_value_of_a_path_becomes_the_field() -> None:
    assert fields_of(load("NAME: {from: thing.name}"), name="Ana") == {"NAME": "Ana"}


def test_several_paths_are_joined_without_the_empty_ones() -> None:
    rule = "NAME: {from: [thing.name, thing.other, thing.method], separator: ', '}"

    assert fields_of(load(rule), name="A", other=" ", method="B") == {"NAME": "A, B"}


def test_first_source_that_has_a_value_wins() -> None:
    rule = "NAME: {first_of: [thing.method, [thing.name, thing.other]]}"

    assert fields_of(load(rule), name="A", other="B") == {"NAME": "A B"}
    assert fields_of(load(rule), name="A", other="B", method="C") == {"NAME": "C"}


def test_transforms_run_in_their_order() -> None:
    assert code("CODE: {from: thing.name, transforms: [{prefix: ab}, upper, {last: 3}]}", name="cd") == "BCD"


def test_element_of_a_list_and_missing_element() -> None:
    rule = "CODE: {from: thing.notes.1.text}"

    assert code(rule, notes=(Note("a"), Note("b"))) == "b"
    assert code(rule, notes=(Note("a"),)) is None


def test_numbers_and_decimals_are_plain_text() -> None:
    assert code("CODE: {from: thing.count}", count=7) == "7"
    assert code("CODE: {from: thing.notes.0.amount}", notes=(Note("a", Decimal("1E+2")),)) == "100"


def test_default_takes_the_place_of_an_empty_value() -> None:
    rule = "CODE: {from: thing.name, default: X}"

    assert code(rule) == "X"
    assert code(rule, name="A") == "A"


@pytest.mark.parametrize(
    ("test", "name", "expected"),
    [
        ("is: a", "a", "yes"),
        ("is: a", "b", None),
        ("is_not: a", "b", "yes"),
        ("is_not: a", "a", None),
        ("in: [a, b]", "b", "yes"),
        ("in: [a, b]", "c", None),
        ("empty: true", " ", "yes"),
        ("empty: true", "a", None),
        ("not_empty: true", "a", "yes"),
        ("not_empty: true", "", None),
    ],
)
def test_condition_decides_whether_the_field_is_sent(test: str, name: str, expected: str | None) -> None:
    rule = f"CODE: {{from: thing.other, when: {{path: thing.name, {test}}}}}"

    assert code(rule, name=name, other="yes") == expected


def test_transform_may_read_a_second_value_which_then_counts_as_content() -> None:
    mapping = load(f"{NAME}CODE: {{from: thing.name, transforms: [{{state_code: thing.other}}]}}")

    assert fields_of(mapping, name="California", other="us").get("CODE") == "CA"
    assert fields_of(mapping, name="HR-21").get("CODE") == "21"
    assert mapping.read("thing", Thing(name="California", other="US")) == {
        "thing.name": "California",
        "thing.other": "US",
    }
    assert mapping.fields_by_path("one")["thing.other"] == {"CODE"}


def test_lookup_gives_the_code_of_the_store() -> None:
    assert code("CODE: {from: thing.method, lookup: good}", method="bacs") == "BAC"


def test_unlisted_value_is_refused_with_table_key_and_remedy() -> None:
    error = refused(f"{NAME}CODE: {{from: thing.method, lookup: good}}", method="klarna")

    expected = "test.yaml, line 7, one.CODE: the store's table good has no entry for 'klarna'."
    assert error.message == expected
    assert "lookups: good:" in error.resolution
    assert (error.rule, error.field) == ("one.CODE", "CODE")


def test_unlisted_value_that_may_be_personal_is_not_shown() -> None:
    error = refused(f"{NAME}CODE: {{from: thing.method, lookup: good}}", method="Ana Anić")

    assert "Ana" not in error.message + error.resolution
    assert "8 characters" in error.message


def test_unlisted_value_is_kept_or_emptied_by_rule() -> None:
    assert code("CODE: {from: thing.method, lookup: good, unlisted: keep}", method="x") == "x"
    assert code("CODE: {from: thing.method, lookup: good, unlisted: empty}", method="x") is None
    assert code("CODE: {from: thing.method, lookup: good, unlisted: empty, default: D}", method="x") == "D"


def test_unlisted_value_is_kept_where_the_field_holds_it_and_else_left_out_with_a_note() -> None:
    mapping = load(f"{NAME}CODE: {{from: thing.method, lookup: good, unlisted: fit}}")

    kept = [mapping.apply("one", values={"thing": Thing(method=text)}) for text in ("bacs", "xyz", "wxyz", "")]

    assert [one.fields.get("CODE") for one in kept] == ["BAC", "xyz", None, None]
    assert [one.notes for one in kept] == [(), (), (LossNote("CODE", "left out: 4 characters, more than 3"),), ()]


def test_empty_value_of_a_lookup_is_left_out_unless_required() -> None:
    assert code("CODE: {from: thing.method, lookup: good}") is None
    error = refused(f"{NAME}CODE: {{from: thing.method, lookup: good, required: true}}")
    assert "thing.method through the table good gives none" in error.message


def test_field_m3_needs_is_required_without_being_told() -> None:
    error = refused("NAME: {from: thing.name}")

    assert "M3 needs a value and thing.name gives none" in error.message


def test_too_long_value_is_refused_with_both_lengths_and_without_the_value() -> None:
    error = refused(f"{NAME}CUOR: {{from: thing.name}}", name="SECRET-123")

    assert "the value has 10 characters, CUOR holds 5" in error.message
    assert "SECRET" not in error.message + error.resolution


@pytest.mark.parametrize("name", ["a\x07", "\U0001f600", "a\nb"])
def test_characters_m3_cannot_hold_are_refused_unless_a_rule_replaces_them(name: str) -> None:
    assert "M3 cannot hold" in refused("NAME: {from: thing.name}", name=name).message
    assert fields_of(load("NAME: {from: thing.name, transforms: [m3_text]}"), name=name)


def test_text_in_a_number_field_is_refused() -> None:
    assert "NUMB is a number in M3" in refused(f"{NAME}NUMB: {{from: thing.name}}", name="12,5").message


def test_unreadable_value_names_the_transform() -> None:
    error = refused(f"{NAME}NUMB: {{from: thing.name, transforms: [number]}}", name="12,5")

    assert "the value is no number like 1234.50 (number)" in error.message


def test_object_where_a_text_should_be_is_refused() -> None:
    mapping = f"{NAME}CODE: {{from: 'thing.extra.some'}}"

    assert "thing.extra.some holds a list" in refused(mapping, extra={"some": [1]}).message


def test_what_a_rule_cuts_is_noted_without_the_value() -> None:
    mapping = load("NAME: {from: thing.name, transforms: [{cut: 10}]}")

    mapped = mapping.apply("one", values={"thing": Thing(name="Maximiliane Muster")})

    assert mapped.notes == (LossNote("NAME", "cut from 18 to 10 characters"),)


def test_record_per_line_of_a_text() -> None:
    record = "    one_per_line_of: LONG\n"
    mapping = load(f"{NAME}LONG: {{from: thing.name, transforms: [m3_lines, {{split_lines: 60}}]}}", record=record)

    rows = mapping.apply_list("one", values={"thing": Thing(name="one\ntwo")})

    assert [row.fields for row in rows] == [{"NAME": "N", "LONG": "one"}, {"NAME": "N", "LONG": "two"}]
    assert mapping.apply_list("one", values={"thing": Thing()}) == ()


def test_no_text_gives_no_record_even_where_m3_needs_the_field() -> None:
    record = "    one_per_line_of: NAME\n"
    mapping = load("NAME: {from: thing.name, transforms: [m3_lines, {split_lines: 10}]}", record=record)

    assert mapping.apply_list("one", values={"thing": Thing()}) == ()


def test_record_per_element_of_a_list() -> None:
    mapping = load("NAME: {from: note.text}\nCODE: {from: thing.method}", record="    for_each: {note: thing.notes}\n")
    thing = Thing(method="m", notes=(Note("a"), Note("b")))

    rows = mapping.apply_list("one", values={"thing": thing})

    assert [row.fields for row in rows] == [{"NAME": "a", "CODE": "m"}, {"NAME": "b", "CODE": "m"}]
    assert mapping.paths("thing") == {"thing.notes.*.text", "thing.method"}
    assert mapping.read("thing", thing) == {"thing.method": "m", "thing.notes.*.text": ["a", "b"]}


def test_record_that_repeats_cannot_be_taken_for_one() -> None:
    mapping = load("NAME: {from: note.text}", record="    for_each: {note: thing.notes}\n")

    with pytest.raises(ValueError, match="use apply_list"):
        mapping.apply("one", values={"thing": Thing()})


def test_read_shows_every_path_of_a_root_conditions_included() -> None:
    mapping = load(f"{NAME}CODE: {{from: thing.other, when: {{path: thing.count, is: '1'}}}}")

    found = mapping.read("thing", Thing(other="x", count=3))

    assert found == {"thing.count": "3", "thing.other": "x"}
    assert mapping.paths("thing") == set(found)
    assert mapping.paths("thi") == frozenset()


def test_read_is_json_whatever_a_plugin_put_into_meta_data() -> None:
    mapping = load(f"{NAME}CODE: {{from: thing.extra.some}}")

    found = mapping.read("thing", Thing(extra={"some": {"b": Decimal("1.50"), "a": [None, True, 1.5]}}))

    assert json.dumps(found) == '{"thing.extra.some": {"a": ["", "1", "1.5"], "b": "1.50"}}'
