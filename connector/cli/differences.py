"""How the rows of a comparison of items, prices or stock are shown; used by `connector reconcile` and `sync --dry-run`."""

from __future__ import annotations

from collections.abc import Sequence

from connector.cli.rows import NOTHING, CsvRows, PagedTable, why_cell
from connector.flows.pulling import Compared


class TableWriter(PagedTable[Compared]):
    """For people."""

    def __init__(self, *, shop: str = "In the shop", m3: str = "In M3", shows_wanted: bool = False) -> None:
        """Takes the titles; `shows_wanted`: not what M3 says is shown but what a run would write."""
        columns = (("Item", 18), ("SKU", 18), ("Field", 18), (shop, 28), (m3, 28), ("Why", 26))
        super().__init__(columns, self._shown)
        self._shows_wanted = shows_wanted

    def _shown(self, row: Compared) -> Sequence[str]:
        m3 = row.wanted if self._shows_wanted else _with_due(row)
        return (
            row.item_number or NOTHING,
            row.sku or NOTHING,
            row.field,
            NOTHING if row.shop is None else row.shop,
            NOTHING if m3 is None else m3,
            why_cell(row.reason.value, row.words, row.remedy),
        )


class CsvWriter(CsvRows[Compared]):
    """For a spreadsheet."""

    def __init__(self) -> None:
        """Writes the header."""
        super().__init__(
            ("item_number", "sku", "product_id", "field", "shop", "m3", "due", "wanted", "reason", "words", "remedy")
        )


def _with_due(row: Compared) -> str | None:
    """Returns M3's value, and what the shop should show of it where that is another one."""
    return row.m3 if row.due in (None, row.m3) else f"{row.m3} ({row.due} due)"
