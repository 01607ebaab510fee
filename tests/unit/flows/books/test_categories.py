"""Where a product is filed: its own categories, and those above them by the shortest way."""

from __future__ import annotations

import pytest

from connector.flows.books.categories import filed_under
from connector.woocommerce.terms import Term

HOME, TABLE, CUPS, SALE = (
    Term(1, "Home", "home"),
    Term(2, "Table", "table", 1),
    Term(3, "Cups", "cups", 2),
    Term(4, "Sale", "sale"),
)


@pytest.mark.parametrize(
    ("categories", "filed"),
    [
        ({}, {}),
        ({1: "home"}, {"home": 0}),
        ({3: "cups"}, {"cups": 0, "table": 1, "home": 2}),
        ({3: "cups", 1: "home"}, {"cups": 0, "table": 1, "home": 0}),
        ({3: "cups", 2: "table", 4: "sale"}, {"cups": 0, "table": 0, "home": 1, "sale": 0}),
        ({9: "made-since"}, {"made-since": 0}),
    ],
)
def test_categories_above_count_by_the_shortest_way(categories: dict[int, str], filed: dict[str, int]) -> None:
    assert filed_under(categories, {one.id: one for one in (HOME, TABLE, CUPS, SALE)}) == filed


def test_a_parent_that_is_not_there_and_a_ring_end_the_way() -> None:
    orphan, first, second = Term(5, "Orphan", "orphan", 99), Term(6, "A", "a", 7), Term(7, "B", "b", 6)
    terms = {one.id: one for one in (orphan, first, second)}

    assert filed_under({5: "orphan"}, terms) == {"orphan": 0}
    assert filed_under({6: "a"}, terms) == {"a": 0, "b": 1}
