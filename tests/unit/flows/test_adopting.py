"""An order is taken for one that M3 does not have only where its lists show that; the sandbox's list by reference always does."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from types import SimpleNamespace
from typing import cast

import pytest

from connector.errors import NeedsPersonError
from connector.flows.context import Run
from connector.flows.orders.adopting import look_up
from connector.m3.calls import Answer, Call

TODAY = date(2026, 11, 30)


class FullLists:
    """Gives of each list one row, as if there were more: of an order of the day with another reference."""

    def __init__(self, reference: str) -> None:
        """Keeps the reference of that order."""
        self._row = {"ORNO": "0010000001", "ORDT": "20261130", "YREF": reference}

    def read(self, calls: Sequence[Call], *, max_records: int) -> list[Answer]:
        """Answers every call so."""
        return [Answer(call, (self._row,), is_cut=True) for call in calls[:max_records]]


def ask(lists: FullLists) -> str | None:
    run = SimpleNamespace(journal=SimpleNamespace(pause=lambda: None), store=SimpleNamespace(m3=lists))
    return look_up(cast(Run, run), customer="C1", reference="w1-150-1", order_date=TODAY, currency="EUR")


def test_order_that_cut_lists_lack_is_not_taken_for_one_m3_does_not_have() -> None:
    with pytest.raises(NeedsPersonError, match=r"M3 lists 1 orders and more of 2026-11-30.* it has w1-150-1"):
        ask(FullLists("w1-100-1"))


def test_list_by_reference_that_begins_behind_it_shows_that_there_is_none() -> None:
    assert ask(FullLists("w1-200-1")) is None
