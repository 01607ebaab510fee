"""Walks a list of the shop page by page without losing a row when the list changes meanwhile; used by client.py."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from connector.errors import RemoteUnavailableError
from connector.woocommerce.canonical import JSONDict
from connector.woocommerce.transport import Answer, Params

PAGE_SIZE = 100
_OVERLAP = 1
_MOST_PASSES = 4

ReadPage = Callable[[Params], Answer]


def list_rows(read_page: ReadPage, *, params: Params = (), page_size: int = PAGE_SIZE) -> Iterator[JSONDict]:
    """Yields every row of a list once, ascending by id.

    Each page begins with the last row of the one before. If that row is missing there, rows before it have left the
    list and others have moved up unseen; likewise if fewer ids were seen than the shop counts. Then the list is
    walked again. Rows that come into the list behind our back were changed after we began: the next poll has them.

    Args:
        read_page: Gets one page for given query arguments.
        params: The filter, without paging and order.
        page_size: 2 to 100 rows.

    Raises:
        RemoteUnavailableError: The list went on changing; what was yielded is right, but rows may be missing.
    """
    walk = _Walk(read_page, (*params, ("orderby", "id"), ("order", "asc")), page_size)
    for _ in range(_MOST_PASSES):
        known = len(walk.seen)
        yield from walk.once()
        # A pass that noticed drift but found nothing new ends it: some plug-ins hide rows that the shop counts.
        if not walk.has_drifted or (known and len(walk.seen) == known):
            return
    raise RemoteUnavailableError(
        f"A list of the shop changed during each of {_MOST_PASSES} readings; rows may be missing.",
        resolution="Nothing to do: it is read again at the next poll.",
    )


@dataclass
class _Walk:
    """What is known of the list over several passes."""

    read_page: ReadPage
    params: Params
    page_size: int
    seen: set[int] = field(default_factory=set)
    has_drifted: bool = False

    def once(self) -> Iterator[JSONDict]:
        """Walks the list from its beginning and yields what was not seen before."""
        self.has_drifted = False
        offset, last_id, total, in_pass = 0, 0, 0, set[int]()
        while True:
            answer = self._page(offset)
            rows = _rows(answer)
            ids = [row["id"] for row in rows]
            self.has_drifted |= bool(offset) and (not ids or ids[0] > last_id)
            yield from self._unseen(rows)
            in_pass.update(ids)
            total = self._total(answer, offset=offset, row_count=len(rows))
            if not ids or offset + self.page_size >= total:
                break
            last_id = ids[-1]
            offset += self.page_size - _OVERLAP
        self.has_drifted |= len(in_pass) < total

    def _unseen(self, rows: list[JSONDict]) -> Iterator[JSONDict]:
        for row in rows:
            if row["id"] not in self.seen:
                self.seen.add(row["id"])
                yield row

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
