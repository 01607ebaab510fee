"""Every call of the program modules fits its published signature, and every operation has one."""

from __future__ import annotations

from pathlib import Path

import pytest

from connector.m3.calls import Call
from connector.m3.catalogue import Catalogue
from connector.m3.operations import load_operations
from tests.unit.m3.program_calls import CALLS

OPERATIONS = load_operations(Path(__file__).parents[3] / "config", {})


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.operation)
def test_a_call_fits_its_published_signature(call: Call) -> None:
    operation = OPERATIONS.get(call.operation)
    catalogue = Catalogue.load()

    catalogue.check_fields(operation.program, operation.transaction, operation.to_site(call.fields))

    outputs = catalogue.transaction(operation.program, operation.transaction).outputs
    assert [name for name in call.columns if name not in outputs] == []


def test_every_operation_of_the_file_is_made_by_a_program_module() -> None:
    made = {call.operation for call in CALLS}
    memos = {f"credit_memo.{key.removeprefix('order.')}" for key in made if key.startswith("order.")}

    assert {operation.key for operation in OPERATIONS} - memos == made
