"""The published signatures and the check of a call against them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from connector.errors import ConfigurationError, MappingError
from connector.m3 import make_catalogue
from connector.m3.catalogue import Catalogue, FieldSpec

HEAD = ("OIS100MI", "AddBatchHead")
LINE = ("OIS100MI", "AddBatchLine")


@pytest.fixture
def catalogue() -> Catalogue:
    return Catalogue.load()


def test_a_signature_tells_length_kind_and_whether_a_field_is_required(catalogue: Catalogue) -> None:
    head = catalogue.transaction(*HEAD)

    assert head.inputs["CUNO"] == FieldSpec(10, numeric=False, required=True, label="Customer number")
    assert head.inputs["OYEA"] == FieldSpec(4, numeric=True, required=False, label="Original year")
    assert head.outputs["ORNO"].label == "Temporary order number"


def test_transactions_of_every_program_are_found_under_any_program(catalogue: Catalogue) -> None:
    assert set(catalogue.transaction("MMS200MI", "GetServerTime").outputs) == {"DATE", "TIME", "LMTS"}


@pytest.mark.parametrize("name", ["AddBatchHeadChrg", "addbatchhead", "AddBatch", ""])
def test_a_name_that_is_not_published_is_refused(catalogue: Catalogue, name: str) -> None:
    with pytest.raises(ConfigurationError, match=f"OIS100MI/{name} is no published"):
        catalogue.transaction("OIS100MI", name)


def test_every_line_of_the_catalogue_can_be_decoded(catalogue: Catalogue) -> None:
    names = json.loads(catalogue.path.read_text("utf-8"))

    specs = [catalogue.transaction(*name.split("/")) for name in names]

    assert len(specs) > 850
    assert len({spec.program for spec in specs}) > 80


def test_values_that_fit_pass(catalogue: Catalogue) -> None:
    catalogue.check_fields(*LINE, {"ORNO": "0010000123", "ITNO": "A" * 15, "DIP1": "12.50", "SACD": "1"})


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"ORNO": "1"}, "field ITNO: Item number is required and missing"),
        ({"ORNO": "1", "ITNO": ""}, "field ITNO: Item number is required and missing"),
        ({"ORNO": "1", "ITNO": "Q" * 16}, "field ITNO: the value has 16 characters, M3 holds 15"),
        ({"ORNO": "1", "ITNO": "A", "SACD": "Qne"}, "field SACD: the value (3 characters) is not a number"),
        ({"ORNO": "1", "ITNO": "A", "SACD": "1e3"}, "field SACD: the value (3 characters) is not a number"),
        ({"ORNO": "1", "ITNO": "A", "TEDS": "Q\n"}, "field TEDS: the value (2 characters) holds control characters"),
        ({"ORNO": "1", "ITNO": "A", "TEDS": "Q\U0001f600"}, "field TEDS: the value (2 characters) holds control"),
    ],
)
def test_a_value_m3_cannot_hold_is_refused_without_being_shown(
    catalogue: Catalogue, fields: dict[str, str], words: str
) -> None:
    with pytest.raises(MappingError) as refused:
        catalogue.check_fields(*LINE, fields)

    assert words in refused.value.message
    assert refused.value.message.startswith("OIS100MI/AddBatchLine, ")
    assert "Q" not in refused.value.message.replace("OIS100MI", "")
    assert refused.value.field in words


def test_an_unknown_field_is_a_matter_of_configuration(catalogue: Catalogue) -> None:
    with pytest.raises(ConfigurationError, match="OIS100MI/AddBatchHead has no field NOPE"):
        catalogue.check_fields(*HEAD, {"CUNO": "1", "NOPE": "x"})


def test_a_field_of_the_site_is_not_checked(catalogue: Catalogue) -> None:
    catalogue.check_fields(*HEAD, {"CUNO": "1", "ZZXX": "x" * 500}, site_fields={"ZZXX"})


def test_the_catalogue_is_made_from_a_folder_of_signatures(tmp_path: Path) -> None:
    fields = {"ORNO": ["string", 10, True, "Order"], "LMTS": ["number", None, False, "Stamp"]}
    transaction = {"title": "Get", "in": fields, "out": {"STAT": ["string", 2, "Status"]}}
    (tmp_path / "X.json").write_text(json.dumps({"program": "XXX100MI", "transactions": {"Get": transaction}}))
    (tmp_path / "made.json").write_text(make_catalogue.compact(tmp_path))

    spec = Catalogue(tmp_path / "made.json").transaction("XXX100MI", "Get")

    assert spec.inputs == {"ORNO": FieldSpec(10, False, True, "Order"), "LMTS": FieldSpec(None, True, False, "Stamp")}
    assert spec.outputs == {"STAT": FieldSpec(2, False, False, "Status")}
