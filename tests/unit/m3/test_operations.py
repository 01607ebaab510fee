"""Operations: published names, and other names at a site."""

from __future__ import annotations

from pathlib import Path

import pytest

from connector.errors import ConfigurationError
from connector.m3.operations import load_operations
from connector.stores.config import OperationConfig

CONFIG = Path(__file__).parents[3] / "config"


def written(folder: Path, text: str) -> Path:
    (folder / "m3").mkdir()
    (folder / "m3" / "operations.yaml").write_text(text, encoding="utf-8")
    return folder


def test_an_operation_has_its_published_name_by_default() -> None:
    operation = load_operations(CONFIG, {}).get("order.add_head")

    assert (operation.program, operation.transaction, operation.is_overridden) == ("OIS100MI", "AddBatchHead", False)


def test_a_store_may_bind_program_transaction_and_fields_otherwise() -> None:
    override = OperationConfig(program="ZOS100MI", transaction="AddHead", fields={"CUOR": "ZZOR"})

    operation = load_operations(CONFIG, {"order.add_head": override}).get("order.add_head")

    assert (operation.program, operation.transaction) == ("ZOS100MI", "AddHead")
    assert operation.to_site({"CUOR": "W1-1", "CUNO": "1", "YREF": ""}) == {"ZZOR": "W1-1", "CUNO": "1"}
    assert operation.columns_at_site(("ORNO", "CUOR")) == ["ORNO", "ZZOR"]
    assert operation.from_site({"ZZOR": "W1-1", "ORNO": "2"}) == {"CUOR": "W1-1", "ORNO": "2"}


def test_an_override_keeps_what_it_does_not_name() -> None:
    operation = load_operations(CONFIG, {"order.value": OperationConfig(transaction="GetValue")}).get("order.value")

    assert (operation.program, operation.transaction) == ("OIS100MI", "GetValue")


def test_an_override_of_no_operation_is_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"do not exist: order\.add_haed"):
        load_operations(CONFIG, {"order.add_haed": OperationConfig()})


def test_an_unknown_operation_is_refused_by_name() -> None:
    with pytest.raises(ConfigurationError, match=r"no M3 operation .order\.fly"):
        load_operations(CONFIG, {}).get("order.fly")


def test_a_missing_file_is_named_with_its_path(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as refused:
        load_operations(tmp_path, {})

    assert str(tmp_path / "m3" / "operations.yaml") in refused.value.message


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("operations:\n  a.b: OIS100MI/AddBatchHeadChrg\n", "a.b: OIS100MI/AddBatchHeadChrg is no published"),
        ("operations:\n  a.b: OIS100MI\n", "'OIS100MI' is not PROGRAM/Transaction"),
        ("operations:\n  a.b: [x\n", "line 3: this is not readable YAML"),
        ("operations:\n  a.b: x/y\n  a.b: x/z\n", "line 3: a.b is given twice, first on line 2"),
        ("operation:\n  a.b: x/y\n", "operation: Extra inputs"),
        ("", "the file: "),
    ],
)
def test_a_wrong_file_is_refused_with_the_place(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        load_operations(written(tmp_path, text), {})

    assert words in refused.value.message
    assert "operations.yaml" in refused.value.message
