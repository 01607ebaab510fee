"""What a comparison counts: items, not fields, and a share that says 100 only when it is."""

from __future__ import annotations

import pytest

from connector.cli.tally import Tally, percent
from connector.flows.pulling import Compared, Reason


def row(item: str, reason: Reason, *, field: str = "stock_quantity") -> Compared:
    return Compared(item_number=item, sku=item, product_id=1, field=field, m3="1", shop="2", reason=reason)


def tally(*rows: Compared) -> Tally:
    counted = Tally()
    assert list(counted.counted(rows)) == list(rows)
    return counted


def test_an_item_with_one_differing_field_is_not_equal() -> None:
    found = tally(row("A", Reason.EQUAL, field="name"), row("A", Reason.DIFFERENT), row("B", Reason.EQUAL))

    assert (found.items, found.equal, found.explained) == (2, 1, 1)
    assert found.reasons == {Reason.DIFFERENT: 1, Reason.EQUAL: 1}
    assert not found.is_explained


def test_an_item_is_counted_once_for_each_reason() -> None:
    found = tally(row("A", Reason.ERROR, field="name"), row("A", Reason.ERROR), row("A", Reason.PENDING))

    assert found.reasons == {Reason.ERROR: 1, Reason.PENDING: 1}


def test_what_is_on_its_way_needs_nobody_and_is_not_called_equal() -> None:
    found = tally(row("A", Reason.PENDING))

    assert (found.equal, found.is_explained, found.is_all_equal) == (0, True, False)


@pytest.mark.parametrize(
    "reason", [Reason.IN_FLIGHT, Reason.BUFFER, Reason.PART_OF_UNIT, Reason.BELOW_NONE, Reason.SHOP_OWNED]
)
def test_what_shows_what_is_due_is_equal_though_m3_has_another_figure(reason: Reason) -> None:
    found = tally(row("A", reason), row("B", Reason.EQUAL))

    assert (found.equal, found.same, found.is_all_equal) == (2, 1, True)
    assert found.to_json()["same_as_m3_percent"] == "50.00"


@pytest.mark.parametrize(
    ("part", "whole", "shown"), [(0, 0, "100.00"), (19999, 20000, "99.99"), (1, 3, "33.33"), (20000, 20000, "100.00")]
)
def test_a_share_is_rounded_down(part: int, whole: int, shown: str) -> None:
    assert percent(part, whole) == shown


def test_a_number_somebody_named_and_nobody_found_is_known() -> None:
    found = tally(row("A", Reason.EQUAL))

    assert found.not_found(["A", "B", "C"]) == ["B", "C"]
    assert found.not_found(["A"]) == []
    assert found.not_found(None) == []
