"""Writes the rows of a comparison as they come, as a table, JSON or CSV; used by `connector reconcile` and `sync --dry-run`.

There may be very many: nothing is kept until the end.
"""

from __future__ import annotations

import csv
import re
import sys
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Generic, TextIO, TypeVar

import typer
from rich.markup import escape
from rich.table import Table

from connector.cli.output import json_line, out

PAGE = 50
"""Rows of a table that are laid out together; the columns have fixed widths, so that the pages fit each other."""
NOTHING = "-"

_FORMULA = re.compile(r"[=@+\-\t\r]")
_NUMBER = re.compile(r"[+-]?[0-9]+([.,][0-9]+)?")

R = TypeVar("R")
Columns = Sequence[tuple[str, int]]
"""Title and width of each."""


class Writer(ABC, Generic[R]):
    """Takes the rows one by one."""

    @abstractmethod
    def add(self, row: R) -> None:
        """Writes one row, now or with the next ones."""

    @abstractmethod
    def end(self, summary: dict[str, Any]) -> None:
        """Writes what is left, and the figures where the form has room for them."""


class PagedTable(Writer[R]):
    """For people."""

    def __init__(self, columns: Columns, cells: Callable[[R], Sequence[str]]) -> None:
        """Takes the columns, and what stands in them of a row."""
        self._columns = columns
        self._cells = cells
        self._rows: list[R] = []
        self._has_header = False

    def add(self, row: R) -> None:
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
        for title, width in self._columns:
            table.add_column(title, width=width, overflow="fold")
        for row in self._rows:
            table.add_row(*(escape(cell) for cell in self._cells(row)))
        out().print(table)
        self._has_header = True
        self._rows.clear()


class JsonWriter(Writer[Any]):
    """One object: `rows` first, then the figures beside it."""

    def __init__(self) -> None:
        """Writes the beginning."""
        self._is_first = True
        typer.echo('{"rows": [', nl=False)

    def add(self, row: Any) -> None:
        """Writes the row on a line of its own."""
        typer.echo(("\n" if self._is_first else ",\n") + json_line(row), nl=False)
        self._is_first = False

    def end(self, summary: dict[str, Any]) -> None:
        """Closes the rows and writes the figures."""
        typer.echo("\n]" + "".join(f",\n{json_line(name)}: {json_line(one)}" for name, one in summary.items()) + "}")


class CsvRows(Writer[R]):
    """For a spreadsheet: commas, UTF-8, one header line, no figures."""

    def __init__(
        self, names: Sequence[str], stream: TextIO | None = None, everywhere: Mapping[str, str] | None = None
    ) -> None:
        """Writes the header.

        Args:
            names: Attributes of a row, which are the titles too.
            stream: Where to; standard output if left out.
            everywhere: Further columns, which have the same in every row.
        """
        self._names = names
        self._everywhere = everywhere or {}
        self._csv = csv.writer(stream or sys.stdout, lineterminator="\n")
        self._csv.writerow([*names, *self._everywhere])

    def add(self, row: R) -> None:
        """Writes the row."""
        own = [csv_cell(getattr(row, name)) for name in self._names]
        self._csv.writerow([*own, *map(csv_cell, self._everywhere.values())])

    def end(self, summary: dict[str, Any]) -> None:
        """Writes nothing: a spreadsheet counts by itself."""


def why_cell(reason: str, *told: str) -> str:
    """Returns a reason with its words and remedy as one cell."""
    named = reason.replace("_", " ")
    sentences = ". ".join(part.rstrip(".") for part in told if part)
    return f"{named}: {sentences}." if sentences else named


def csv_cell(value: object) -> str:
    """Returns a value as a cell that no spreadsheet takes for a formula."""
    shown = "" if value is None else str(value)
    return f"'{shown}" if _FORMULA.match(shown) and not _NUMBER.fullmatch(shown) else shown
