"""Walks a list of the shop page by page without losing a row when the list changes meanwhile.

Used by client.py, products.py and terms.py.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from connector.errors import RemoteUnavailableError
from connector.woocommerce.canonical import JSONDict
from connector.woocommerce.instants import write_instant
from connector.woocommerce.transport import Answer, Params

PAGE_SIZE = 100
_OVERLAP = 1
_FIRST_STEP_BACK = 10
_MOST_STEPS_BACK = 20

ReadPage = Callable[[Params], Answer]


def included(ids: Sequence[int]) -> list[Params]:
    """Numbers the ids as `include[0]`, the only array form whose OAuth signature the shop accepts; 100 a request."""
    wanted = list(dict.fromkeys(ids))
    chunks = [wanted[start : start + PAGE_SIZE] for start in range(0, len(wanted), PAGE_SIZE)]
    return [tuple((f"include[{place}]", str(number)) for place, number in enumerate(chunk)) for chunk in chunks]


def changed_since(moment: datetime | None) -> Params:
    """Asks for what was changed at this moment (aware) or later; None asks for all.

    The shop's own bound is exclusive and knows whole seconds only, so it is set one second earlier.
    """
    if moment is None:
        return ()
    return (("modified_after", write_instant(moment - timedelta(seconds=1))), ("dates_are_gmt", "true"))


@dataclass(frozen=True, slots=True)
class Place:
    """How far a list was read: all rows up to `last_id`; the last of them stood at `offset` then."""

    offset: int = 0
    last_id: int = 0


START = Place()


@dataclass(frozen=True, slots=True)
class Page:
    """Rows of a list, ascending by id; `after` is the place to go on from once they are stored."""

    rows: list[JSONDict]
    after: Place
    is_last: bool


def list_rows(read_page: ReadPage, *, params: Params = (), page_size: int = PAGE_SIZE) -> Iterator[JSONDict]:
    """Yields every row of a list once, ascending by id; see `list_pages`."""
    last_id = 0
    for page in list_pages(read_page, params=params, page_size=page_size):
        yield from (row for row in page.rows if row["id"] > last_id)
        last_id = page.after.last_id


def list_pages(
    read_page: ReadPage, *, params: Params = (), place: Place = START, page_size: int = PAGE_SIZE
) -> Iterator[Page]:
    """Yields a list page by page, ascending by id, from `place` on.

    The shop counts rows and knows no "after this id", so each page begins with the last row of the one before. If what it
    begins with is a later row, rows before it have left the list and others have moved up unseen; then the walk goes back
    until it stands on rows it knows. So a place is as good tomorrow as now. Rows that come into the list behind our back
    were changed after we began: the next poll has them.

    Args:
        read_page: Gets one page for given query arguments.
        params: The filter, without paging and order.
        place: Where an earlier walk over the same list stopped.
        page_size: 2 to 100 rows.

    Raises:
        RemoteUnavailableError: The list cannot be walked: it changes at every reading, or something in the shop ignores
            order or offset. What was yielded is right.
    """
    walk = _Walk(read_page, (*params, ("orderby", "id"), ("order", "asc")), page_size, place)
    while True:
        page = walk.read()
        if page is not None:
            yield page
            if page.is_last:
                return


@dataclass
class _Walk:
    """Where a walk stands."""

    read_page: ReadPage
    params: Params
    page_size: int
    place: Place
    step_back: int = _FIRST_STEP_BACK
    steps_back: int = 0
    last_ids: tuple[int, ...] = ()

    def read(self) -> Page | None:
        """Reads the page at the present place and moves on; None if the walk had to go back instead."""
        offset = self.place.offset
        answer = self._page(offset)
        rows = _rows(answer)
        ids = tuple(row["id"] for row in rows)
        self._require_order(ids, offset=offset)
        if self.place.last_id and offset and (not ids or ids[0] > self.place.last_id):
            self._go_back()
            return None
        self.step_back, self.last_ids = _FIRST_STEP_BACK, ids
        is_last = offset + self.page_size >= self._total(answer, offset=offset, row_count=len(ids))
        last_id = max(self.place.last_id, ids[-1] if ids else 0)
        self.place = Place(offset + self.page_size - _OVERLAP, last_id)
        return Page(rows, self.place, is_last)

    def _go_back(self) -> None:
        """Goes back, further each time in a row: a plug-in may also hide the row we stood on from a list that counts it."""
        self.steps_back += 1
        if self.steps_back > _MOST_STEPS_BACK:
            raise RemoteUnavailableError(
                "A list of the shop goes on changing while it is read; rows may be missing.",
                resolution="Nothing to do: it is read on at the next poll.",
            )
        self.place = Place(max(self.place.offset - self.step_back, 0), self.place.last_id)
        self.step_back *= 2

    def _require_order(self, ids: tuple[int, ...], *, offset: int) -> None:
        is_sorted = all(one < other for one, other in pairwise(ids))
        if is_sorted and not (offset and ids and ids == self.last_ids):
            return
        asked = "offset" if is_sorted else "orderby=id"
        raise RemoteUnavailableError(
            f"The shop does not answer lists as asked ({asked} has no effect), so rows may be missing.",
            resolution="A plug-in or cache changes REST answers: exclude /wp-json/ from caching, and switch off what "
            "reorders order lists. The connector tries again by itself.",
        )

    def _total(self, answer: Answer, *, offset: int, row_count: int) -> int:
        """Reads how many rows the shop counts; if it does not say, a full page means that there is one more."""
        text = answer.headers.get("X-WP-Total", "")
        if text.isascii() and text.isdecimal() and len(text) < 10:
            return int(text)
        return offset + row_count + int(row_count >= self.page_size)

    def _page(self, offset: int) -> Answer:
        position = (("offset", str(offset)),) if offset else ()
        return self.read_page((*self.params, ("per_page", str(self.page_size)), *position))


def _rows(answer: Answer) -> list[JSONDict]:
    rows = answer.data
    if not isinstance(rows, list) or not all(isinstance(row, dict) and isinstance(row.get("id"), int) for row in rows):
        raise RemoteUnavailableError(
            "The shop answered a list request with something that is no list of resources.",
            resolution="A plug-in or cache may change REST answers; exclude /wp-json/ from caching. "
            "The connector tries again by itself.",
        )
    return rows
