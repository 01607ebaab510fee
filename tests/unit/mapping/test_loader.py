"""A wrong mapping file is refused with line, record, field, what is wrong and what to do; all problems at once."""

from __future__ import annotations

import pytest

from connector.errors import ConfigurationError
from tests.unit.mapping.examples import load, load_text

NAME = "NAME: {from: thing.name}"


def problem(fields: str, *, record: str = "") -> str:
    with pytest.raises(ConfigurationError) as caught:
        load(fields, record=record)
    assert "docs/mapping.md" in caught.value.resolution
    return caught.value.message


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("CODE: {from: thang.name}", "there is no 'thang' here; paths start with thing"),
        ("CODE: {from: thing.nam}", "thing has no 'nam'; did you mean name?"),
        ("CODE: {from: thing.name.0}", "thing.name is no list"),
        ("CODE: {from: thing.notes}", "thing.notes is not one plain value"),
        ("CODE: {from: thing.share}", "thing.share is not one plain value"),
        ("CODE: {from: thing.notes.0.txt}", "did you mean text?"),
        ("CODE: {from: 'no path'}", "is no path; write it like order.billing.city"),
        ("CODA: {from: thing.name}", "TST100MI/Add has no field CODA; did you mean CODE?"),
        ("CODE: {from: thing.name, transforms: [uper]}", "there is no transform uper; did you mean upper?"),
        ("CODE: {from: thing.name, transforms: [{cut: many}]}", "the transform cut needs a whole number"),
        ("CODE: {from: thing.name, transforms: [{cut: 4}]}", "cut keeps 4 characters, CODE holds 3; write 3"),
        ("CUOR: {from: thing.name, transforms: [{cut: 3}]}", "CUOR is a reference and is never shortened; remove cut"),
        ("CODE: {from: thing.name, transforms: [postcode]}", "the transform postcode needs the path of the country"),
        ("CODE: {from: thing.name, transforms: [{postcode: thing.nam}]}", "thing has no 'nam'; did you mean name?"),
        ("CODE: {from: thing.name, lookup: methode}", "the store has no table methode"),
        ("CODE: {from: thing.name, lookup: method}", "the store's table method, bad: 'TOO LONG' has 8 characters"),
        ("CODE: {constant: ABCD}", "'ABCD' has 4 characters, CODE holds 3"),
        ("CODE: {from: thing.name, default: ABCD}", "'ABCD' has 4 characters, CODE holds 3"),
        ("NUMB: {constant: one}", "'one' is no number, which NUMB is in M3"),
        ("CODE: {constant: ''}", "the constant is empty"),
        ("CODE: {required: true}", "a rule needs exactly one of from, first_of, constant"),
        ("CODE: {from: thing.name, constant: A}", "a rule needs exactly one of from, first_of, constant"),
        ("CODE: {constant: A, transforms: [upper]}", "a constant takes no transforms"),
        ("CODE: {from: thing.name, unlisted: keep}", "`unlisted` belongs to a lookup"),
        ("CODE: {from: thing.name, requird: true}", "there is no such entry"),
        ("CODE: {from: thing.name, when: {path: thing.name}}", "`when` needs exactly one of"),
        ("CODE: {from: thing.name, when: {path: thing.nam, is: x}}", "did you mean name?"),
        ("CODE: {from: thing.name, transforms: [{split_lines: 3}]}", "split_lines needs `one_per_line_of: CODE`"),
    ],
)
def test_wrong_rule_is_named_with_its_line_and_what_to_do(rule: str, expected: str) -> None:
    field = rule.split(":")[0]

    message = problem(f"{NAME}\n{rule}")

    assert message.startswith(f"test.yaml, line 7, one.{field}")
    assert expected in message
    assert "\n" not in message


def test_all_problems_are_told_at_once_in_order_of_lines() -> None:
    message = problem("NAME: {from: thing.nam}\nCODE: {constant: ABCD}\nXXXX: {constant: A}")

    lines = message.splitlines()
    assert [line.split(":")[0] for line in lines] == [
        "test.yaml, line 6, one.NAME",
        "test.yaml, line 7, one.CODE",
        "test.yaml, line 8, one.XXXX",
    ]


def test_field_m3_needs_must_have_a_rule_or_be_given() -> None:
    assert "one: TST100MI/Add needs NAME; add a rule for it" in problem("CODE: {constant: A}")
    assert load("CODE: {constant: A}", record="    given: [NAME]\n").records["one"].transaction == "Add"


def test_field_m3_needs_may_not_depend_on_a_condition() -> None:
    message = problem("NAME: {from: thing.name, when: {path: thing.other, not_empty: true}}")

    assert "M3 always needs NAME" in message


def test_field_the_flow_gives_cannot_have_a_rule() -> None:
    assert "NAME is given by the flow" in problem(NAME, record="    given: [NAME]\n")
    assert "has no field NAMES" in problem(NAME, record="    given: [NAMES]\n")


def test_field_given_twice_is_refused_though_yaml_would_take_the_last() -> None:
    message = problem(f"{NAME}\n{NAME}")

    assert message == "test.yaml, line 7, records.one.fields.NAME is given twice, first on line 6; remove one"


def test_unknown_transaction_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="M3 has no TST100MI/Ad; correct program or transaction"):
        load_text(
            "flow: test\nrecords:\n  one:\n    transaction: TST100MI/Ad\n    fields:\n      NAME: {constant: A}\n"
        )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "the file is empty"),
        ("flow: [a", "line 1, this is not readable YAML"),
        ("a: &x 1\nb: *x", "line 2, aliases"),
        ("- a", "line 1, the file: must be a block of `name: value` lines"),
        ("flow: test", "records: is missing; add it"),
        (
            "flow: tests\nrecords: {one: {transaction: TST100MI/Add, fields: {NAME: {constant: a}}}}",
            "line 1, flow: the file of the flow tests is tests.yaml",
        ),
        ("flow: test\nrecords:\n  one: x", "line 3, one: must be a block"),
        ("flow: test\nrecords: {}\nextra: 1", "line 3, extra: there is no such entry"),
    ],
)
def test_file_of_another_form_is_refused(text: str, expected: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        load_text(text)

    assert caught.value.message.startswith("test.yaml")
    assert expected in caught.value.message


def test_list_and_lines_of_a_record_are_checked() -> None:
    assert "one.for_each: thing.name is no list" in problem(NAME, record="    for_each: {note: thing.name}\n")
    assert "there is no rule for LONG; add one" in problem(NAME, record="    one_per_line_of: LONG\n")
    assert "needs split_lines as the last transform" in problem(NAME, record="    one_per_line_of: NAME\n")


def test_plain_yaml_values_keep_their_text() -> None:
    mapping = load("NAME: {constant: NO}\nCODE: {constant: 001}\nNUMB: {constant: 010}")

    assert {rule.field: rule.constant for rule in mapping.records["one"].rules} == {
        "NAME": "NO",
        "CODE": "001",
        "NUMB": "010",
    }
