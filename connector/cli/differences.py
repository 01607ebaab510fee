"""Writes rows of a comparison as they come, as a table, JSON or CSV; used by `connector reconcile` and `sync --dry-run`.

A catalogue may have very many: nothing is kept until the end.
"""

from __future__ import annotations

import csv
import re
import sys
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

import typer
from rich.markup import escape
from rich.table import Table

from connector.cli.output import json_line, out
from connector.flows.pulling import Compared

PAGE = 50
"""Rows of a table that are laid out together; the columns have fixed widths, so that the pages fit each other."""

_FORMULA = re.compile(r"[=@+\-\t\r]")
_NUMBER = re.compile(r"[+-]?[0-9]+([.,][0-9]+)?")
NOTHING = "-"


class Writer(ABC):
    """Takes the rows one by one."""

    @abstractmethod
    def add(self, row: Compared) -> None:
        """Writes one row, now or with the next ones."""

    @abstractmethod
    def end(self, summary: dict[str, Any]) -> None:
        """Writes what is left, and the figures where the form has room for them."""


class TableWriter(Writer):
    """For people."""

    def __init__(self, *, shop: str = "In the shop", m3: str = "In M3", shows_wanted: bool = False) -> None:
        """Takes the titles; `shows_wanted`: not what M3 says is shown but what a run would write."""
        self._titles = (("Item", 18), ("SKU", 18), ("Field", 18), (shop, 28), (m3, 28), ("Why", 26))
        self._shows_wanted = shows_wanted
        self._rows: list[Compared] = []
        self._has_header = False

    def add(self, row: Compared) -> None:
        """Keeps the row until a page is full."""
        self._rows.append(row)
        if len(self._rows) >= PAGE:
            self._print()

    def end(self, summary: dict[str, Any]) -> None:
        """Prints the last page; the figures are told by the command."""
        self._print()

    def _print(self) -> None:
        if not self._rows:
            return
        table = Table(show_header=not self._has_header, show_edge=False, pad_edge=False)
        for title, width in self._titles:
            table.add_column(title, width=width, overflow="fold")
        for row in self._rows:
            table.add_row(*(escape(cell) for cell in self._cells(row)))
        out().print(table)
        self._has_header = True
        self._rows.clear()

    def _cells(self, row: Compared) -> Sequence[str]:
        m3 = row.wanted if self._shows_wanted else _with_due(row)
        why = row.reason.value.replace("_", " ")
        told = ". ".join(part.rstrip(".") for part in (row.words, row.remedy) if part)
        return (
            row.item_number or NOTHING,
            row.sku or NOTHING,
            row.field,
            NOTHING if row.shop is None else row.shop,
            NOTHING if m3 is None else m3,
            f"{why}: {told}." if told else why,
        )


class JsonWriter(Writer):
    """One object: `rows` first, then the figures beside it."""

    def __init__(self) -> None:
        """Writes the beginning."""
        self._is_first = True
        typer.echo('{"rows": [', nl=False)

    def add(self, row: Compared) -> None:
        """Writes the row on a line of its own."""
        typer.echo(("\n" if self._is_first else ",\n") + json_line(row), nl=False)
        self._is_first = False

    def end(self, summary: dict[str, Any]) -> None:
        """Closes the rows and writes the figures."""
        typer.echo("\n]" + "".join(f",\n{json_line(name)}: {json_line(one)}" for name, one in summary.items()) + "}")


class CsvWriter(Writer):
    """For a spreadsheet: commas, UTF-8, one header line, no figures."""

    _NAMES = ("item_number", "sku", "product_id", "field", "shop", "m3", "due", "wanted", "reason", "words", "remedy")

    def __init__(self) -> None:
        """Writes the header."""
        self._csv = csv.writer(sys.stdout, lineterminator="\n")
        self._csv.writerow(self._NAMES)

    def add(self, row: Compared) -> None:
        """Writes the row."""
        self._csv.writerow([csv_cell(getattr(row, name)) for name in self._NAMES])

    def end(self, summary: dict[str, Any]) -> None:
        """Writes nothing: a spreadsheet counts by itself."""


def _with_due(row: Compared) -> str | None:
    """Returns M3's value, and what the shop should show of it where that is another one."""
    return row.m3 if row.due in (None, row.m3) else f"{row.m3} ({row.due} due)"


def csv_cell(value: object) -> str:
    """Returns a value as a cell that no spreadsheet takes for a formula."""
    shown = "" if value is None else str(value)
    return f"'{shown}" if _FORMULA.match(shown) and not _NUMBER.fullmatch(shown) else shown
