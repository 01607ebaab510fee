"""What the table of crash points and the simulation ask of the audit trail can be missed."""

from __future__ import annotations

from typing import Any

import pytest

from tests.acceptance.trail import untold

CONFIRM = {"call": "OIS100MI/Confirm", "sent": {"ORNO": "17"}, "given": [{"ORNO": "45001"}]}
LINES = [{"call": "OIS100MI/AddBatchLine", "sent": {"ORNO": "17", "ITNO": item}, "given": []} for item in "ab"]
PRICE = {"method": "BATCH update", "path": "products/33/variations", "id": 34, "sku": "", "name": ""}


def line(action: str, key: str, **after: Any) -> dict[str, Any]:
    return {"action": action, "key": key, "before": {}, "after": after}


def missing(*lines: dict[str, Any], m3: Any = (), shop: Any = ()) -> list[str]:
    return untold(m3, shop, lines, items={34: "SHIRT-RED"})


def test_each_write_that_is_told_passes() -> None:
    told = [line("OIS100MI/Confirm", "17"), line("add rest", "17", **{"OIS100MI/AddBatchLine": 2})]

    assert missing(*told, line("write prices", "SHIRT-RED"), m3=[CONFIRM, *LINES], shop=[PRICE]) == []


@pytest.mark.parametrize(
    ("told", "m3", "shop"),
    [
        ([], [CONFIRM], []),
        ([line("OIS100MI/Confirm", "18")], [CONFIRM], []),
        ([line("OIS100MI/LockOrder", "17")], [CONFIRM], []),
        ([line("OIS100MI/Confirm", "17")], [CONFIRM, CONFIRM], []),
        ([line("add rest", "17", **{"OIS100MI/AddBatchLine": 1})], LINES, []),
        ([line("write prices", "SHIRT-BLUE")], [], [PRICE]),
    ],
    ids=["nothing", "another subject", "another call", "once for two", "fewer lines", "another item"],
)
def test_a_write_that_no_line_names_is_noticed(told: Any, m3: Any, shop: Any) -> None:
    assert len(missing(*told, m3=m3, shop=shop)) == 1


def test_a_program_of_which_nobody_said_what_it_writes_to_is_refused() -> None:
    with pytest.raises(KeyError):
        missing(m3=[{"call": "XXX999MI/Add", "sent": {}, "given": []}])
