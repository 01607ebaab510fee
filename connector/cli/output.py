"""How commands speak: tables and JSON on stdout, errors and progress on stderr; used by all of connector/cli."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, is_dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from connector.errors import ConnectorError

UNKNOWN_WIDTH = 140
"""Columns of a table that goes into a file or a pipe, where there is no terminal to measure."""


def out() -> Console:
    """Returns the console for results (stdout)."""
    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=UNKNOWN_WIDTH)


def err() -> Console:
    """Returns the console for errors and progress (stderr)."""
    return Console(stderr=True, highlight=False, soft_wrap=True)


def say(text: str) -> None:
    """Writes one line of result; nothing in it is taken for markup."""
    out().print(escape(text), soft_wrap=True)


def warn(text: str) -> None:
    """Writes one line of warning to stderr."""
    err().print(f"[yellow]Warning:[/yellow] {escape(text)}")


def fail(error: ConnectorError) -> None:
    """Shows an expected error: what happened, and what to do."""
    err().print(f"[bold red]Error:[/bold red] {escape(error.message)}")
    if error.resolution:
        err().print(f"[bold]What to do:[/bold] {escape(error.resolution)}")


def print_json(value: object) -> None:
    """Writes a value as indented JSON: dataclasses as objects, times as ISO 8601, money as text."""
    out().print(json.dumps(_plain(value), indent=2, ensure_ascii=False), soft_wrap=True, markup=False)


def json_line(value: object) -> str:
    """Returns a value as JSON on one line."""
    return json.dumps(_plain(value), ensure_ascii=False)


def print_table(columns: Sequence[str], rows: Iterable[Sequence[object]], *, title: str = "") -> None:
    """Writes a table; values are shown as text, None as empty."""
    table = Table(*columns, title=title or None, title_justify="left", show_edge=False, pad_edge=False)
    for row in rows:
        table.add_row(*(escape(shown(value)) for value in row))
    out().print(table)


def shown(value: object) -> str:
    """Returns a value as people read it: times in UTC to the second, None and False as nothing."""
    if value is None or value is False:
        return ""
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M:%S")
    return "yes" if value is True else str(value)


def ago(seconds: float) -> str:
    """Returns a duration in its largest fitting unit."""
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= size:
            return f"{seconds / size:.1f} {unit}"
    return f"{seconds:.0f} s"


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return _plain(asdict(value))
    if isinstance(value, dict):
        return {str(name): _plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(one) for one in value]
    if isinstance(value, datetime | date):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal) else value
