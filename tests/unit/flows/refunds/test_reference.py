"""The reference of a refund (YREF): whole, of one moment, or none."""

from __future__ import annotations

import pytest

from connector.errors import MappingError
from connector.flows.refunds.plan import reference_of
from connector.woocommerce.models import Refund, parse_refund

MADE_AT = "2026-11-23T10:00:00"


def refund(number: int, made_at: str | None = MADE_AT) -> Refund:
    return parse_refund({"id": number, "amount": "1.00", "date_created_gmt": made_at, "line_items": []})


def test_each_part_of_a_refund_has_a_reference_of_its_own() -> None:
    first, second = (reference_of("w1", refund(7), part=part) for part in (1, 2))

    assert (first, second) == ("w1-R7-1795428000", "w1-R7-1795428000-2")


@pytest.mark.parametrize("part", [1, 2])
def test_refund_without_the_moment_it_was_made_has_none(part: int) -> None:
    with pytest.raises(MappingError, match="no reference that fits"):
        reference_of("w1", refund(7, None), part=part)


@pytest.mark.parametrize(("number", "part"), [(10**10, 1), (10**8, 12)])
def test_reference_is_never_cut(number: int, part: int) -> None:
    with pytest.raises(MappingError, match="YREF"):
        reference_of("eightchr", refund(number), part=part)
