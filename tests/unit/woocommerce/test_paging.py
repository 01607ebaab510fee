"""Lists that change while they are read."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connector.errors import RemoteUnavailableError
from connector.woocommerce.paging import Place, list_pages, list_rows
from connector.woocommerce.transport import Answer, Params


class ChangingList:
    """A list of ids as the shop serves it; `changes` run after the page of their number was served."""

    def __init__(
        self, ids: list[int], *, changes: dict[int, Callable[[set[int]], None]] | None = None, has_total: bool = True
    ) -> None:
        self.ids = set(ids)
        self.changes = changes or {}
        self.has_total = has_total
        self.requests: list[dict[str, str]] = []

    def __call__(self, params: Params) -> Answer:
        query = dict(params)
        self.requests.append(query)
        offset, size = int(query.get("offset", 0)), int(query["per_page"])
        rows = sorted(self.ids)[offset : offset + size]
        headers = {"X-WP-Total": str(len(self.ids) if rows else 0)} if self.has_total else {}
        self.changes.get(len(self.requests), lambda ids: None)(self.ids)
        return Answer(b"", [{"id": one} for one in rows], headers)


def _read(served: ChangingList, *, page_size: int = 3) -> list[int]:
    return [row["id"] for row in list_rows(served, params=(("status", "any"),), page_size=page_size)]


@pytest.mark.parametrize("has_total", [True, False])
@settings(max_examples=60)
@given(count=st.integers(min_value=0, max_value=30), page_size=st.integers(min_value=2, max_value=7))
def test_quiet_list_is_read_once_and_whole(has_total: bool, count: int, page_size: int) -> None:
    served = ChangingList(list(range(1, count + 1)), has_total=has_total)

    assert _read(served, page_size=page_size) == list(range(1, count + 1))
    assert len(served.requests) <= count // (page_size - 1) + 2


def test_pages_are_asked_by_id_with_the_filter_and_one_row_overlap() -> None:
    served = ChangingList([1, 2, 3, 4, 5])

    _read(served)

    first = {"status": "any", "orderby": "id", "order": "asc", "per_page": "3"}
    assert served.requests == [first, {**first, "offset": "2"}]


def test_row_that_leaves_between_two_pages_hides_no_other() -> None:
    served = ChangingList([1, 2, 3, 4, 5, 6, 7], changes={1: lambda ids: ids.difference_update({1, 2})})

    assert set(_read(served)) == {1, 2, 3, 4, 5, 6, 7}


def test_row_that_leaves_while_another_comes_hides_no_other_though_the_total_is_the_same() -> None:
    def swap(ids: set[int]) -> None:
        ids.difference_update({1, 2})
        ids.update({8, 9})

    served = ChangingList([1, 2, 3, 4, 5, 6, 7], changes={1: swap})

    assert set(_read(served)) == set(range(1, 10))


def test_last_rows_that_move_up_behind_the_offset_are_found() -> None:
    served = ChangingList([1, 2, 3, 4], changes={1: lambda ids: ids.difference_update({1, 2, 3})})

    assert set(_read(served)) == {1, 2, 3, 4}


def test_row_that_comes_in_before_the_offset_gives_no_row_twice() -> None:
    served = ChangingList([10, 20, 30, 40, 50], changes={1: lambda ids: ids.add(5)})

    read = _read(served)

    assert sorted(set(read)) == sorted(read)
    assert set(read) >= {10, 20, 30, 40, 50}


def test_list_that_never_rests_is_an_error_and_not_an_end() -> None:
    def grow_and_shrink(ids: set[int]) -> None:
        ids.difference_update(sorted(ids)[:2])
        ids.update({max(ids) + 1, max(ids) + 2})

    served = ChangingList([1, 2, 3, 4, 5, 6, 7], changes=dict.fromkeys(range(1, 200), grow_and_shrink))

    with pytest.raises(RemoteUnavailableError, match="goes on changing"):
        _read(served)


class Hiding(ChangingList):
    """A list of which a plug-in hides rows that the shop counts."""

    def __init__(self, ids: list[int], *, hidden: set[int]) -> None:
        super().__init__(ids)
        self.hidden = hidden

    def __call__(self, params: Params) -> Answer:
        answer = super().__call__(params)
        return Answer(b"", [row for row in answer.data if row["id"] not in self.hidden], answer.headers)


@settings(max_examples=100)
@given(hidden=st.sets(st.integers(1, 60), max_size=20) | st.just(set(range(1, 31))))
def test_rows_hidden_by_the_shop_hide_no_other(hidden: set[int]) -> None:
    served = Hiding(list(range(1, 61)), hidden=hidden)

    assert _read(served, page_size=30) == [one for one in range(1, 61) if one not in hidden]


@pytest.mark.parametrize("unheeded", ["offset", "orderby"])
def test_shop_that_does_not_heed_what_is_asked_is_no_end_of_the_list(unheeded: str) -> None:
    served = ChangingList([1, 2, 3, 4, 5, 6, 7])

    def careless(params: Params) -> Answer:
        answer = served([one for one in params if one[0] != unheeded])
        return answer if unheeded == "offset" else Answer(b"", answer.data[::-1], answer.headers)

    with pytest.raises(RemoteUnavailableError, match=unheeded):
        list(list_rows(careless, page_size=3))


@settings(max_examples=150)
@given(
    stop_at=st.integers(1, 6),
    leaving=st.sets(st.integers(1, 25), max_size=20),
    coming=st.sets(st.integers(26, 50), max_size=20),
)
def test_walk_that_was_cut_off_goes_on_where_it_stopped_though_the_list_has_changed(
    stop_at: int, leaving: set[int], coming: set[int]
) -> None:
    served = ChangingList(list(range(1, 26)))
    place, read = Place(), set[int]()
    for count, page in enumerate(list_pages(served, page_size=5), start=1):
        place = page.after
        read.update(row["id"] for row in page.rows)
        if count == stop_at:
            break
    served.ids = (served.ids - leaving) | coming

    for page in list_pages(served, place=place, page_size=5):
        read.update(row["id"] for row in page.rows)

    assert read >= served.ids


def test_walk_that_goes_on_reads_nothing_again() -> None:
    served = ChangingList(list(range(1, 1001)))
    place, read = Place(), list[int]()
    for _ in range(12):
        page = next(list_pages(served, place=place, page_size=100))
        place = page.after
        read += [row["id"] for row in page.rows]
        if page.is_last:
            break

    assert len(served.requests) == 11  # ten full pages, and one more for the row each repeats of the one before
    assert len(read) == 1000 + 10


@pytest.mark.parametrize("data", [{}, None, ["x"], [{"name": "no id"}], [{"id": "7"}]])
def test_what_is_no_list_of_resources_is_no_answer(data: object) -> None:
    with pytest.raises(RemoteUnavailableError, match="no list"):
        list(list_rows(lambda params: Answer(b"", data, {})))


@settings(max_examples=150)
@given(
    leaving=st.dictionaries(st.integers(1, 8), st.sets(st.integers(1, 25), max_size=4), max_size=3),
    coming=st.dictionaries(st.integers(1, 8), st.sets(st.integers(26, 50), max_size=4), max_size=3),
)
def test_what_stays_in_the_list_all_the_time_is_always_read(
    leaving: dict[int, set[int]], coming: dict[int, set[int]]
) -> None:
    def change(number: int) -> Callable[[set[int]], None]:
        def apply(ids: set[int]) -> None:
            ids.difference_update(leaving.get(number, set()))
            ids.update(coming.get(number, set()))

        return apply

    served = ChangingList(list(range(1, 26)), changes={number: change(number) for number in range(1, 9)})
    staying = set(range(1, 26)).difference(*leaving.values())
    read: set[int] = set()
    try:
        for row in list_rows(served, page_size=4):
            read.add(row["id"])
    except RemoteUnavailableError:
        return

    assert read >= staying
