"""Writes lines of the audit trail as they come, as JSON lines or CSV; used by `connector audit export`."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from dataclasses import fields, replace
from datetime import datetime
from typing import TextIO

from connector.cli.masking import masked
from connector.cli.output import json_line
from connector.cli.rows import csv_cell
from connector.ledger.audit_export import Line

NAMES = tuple(one.name for one in fields(Line))


def without_people(lines: Iterable[Line]) -> Iterator[Line]:
    """Yields lines without what belongs to a person."""
    for one in lines:
        yield replace(one, before=masked(one.before), after=masked(one.after))


def write_json(lines: Iterable[Line], to: TextIO) -> int:
    """Writes each line as an object on a line of its own; returns how many."""
    count = 0
    for one in lines:
        to.write(json_line(one) + "\n")
        count += 1
    return count


def write_csv(lines: Iterable[Line], to: TextIO) -> int:
    """Writes a header and a row each, with `before` and `after` as JSON; returns how many rows."""
    rows = csv.writer(to, lineterminator="\n")
    rows.writerow(NAMES)
    count = 0
    for one in lines:
        rows.writerow([csv_cell(_told(getattr(one, name))) for name in NAMES])
        count += 1
    return count


def _told(value: object) -> object:
    if isinstance(value, dict):
        return json_line(value) if value else ""
    return value.isoformat() if isinstance(value, datetime) else value
