"""Applies the mapping of one flow to values and gives the fields of M3 records; flows call it, the loader builds it."""

from __future__ import annotations

from collections.abc import Mapping as ReadOnlyMapping
from collections.abc import Sequence
from dataclasses import dataclass, field

from connector.mapping.paths import Path, as_text, read_path
from connector.mapping.rules import Note, Rule, Values


@dataclass(frozen=True)
class Mapped:
    """The fields of one M3 record; empty ones are left out."""

    fields: dict[str, str]
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True)
class Record:
    """The rules of one M3 transaction. `element` names the root that stands for each element of the list `each`."""

    program: str
    transaction: str
    rules: tuple[Rule, ...]
    each: Path | None = None
    element: str = ""
    lines_of: str | None = None

    @property
    def repeats(self) -> bool:
        """Whether it can give more or fewer than one M3 record."""
        return self.each is not None or self.lines_of is not None


@dataclass(frozen=True)
class Mapping:
    """The mapping file of one flow, checked against models and M3 signatures."""

    flow: str
    records: ReadOnlyMapping[str, Record] = field(default_factory=dict)

    def apply(self, record: str, *, values: Values) -> Mapped:
        """Gives the fields of a record that exists once.

        Args:
            record: Its name in the mapping file.
            values: The value of each root the record reads.

        Raises:
            MappingError: A value cannot be placed; names the rule, never the value.
        """
        if self.records[record].repeats:
            raise ValueError(f"{self.flow}.{record} can repeat: use apply_list")
        return _map(self.records[record], values)

    def apply_list(self, record: str, *, values: Values) -> tuple[Mapped, ...]:
        """Gives all rows of a record that repeats: per element of a list, per line of a text, or both.

        Args:
            record: Its name in the mapping file.
            values: The value of each root the record reads.

        Raises:
            MappingError: A value cannot be placed; names the rule, never the value.
        """
        spec = self.records[record]
        if spec.each is None:
            return _rows(spec, values)
        elements = read_path(spec.each, values[spec.each.root])
        listed = elements if isinstance(elements, Sequence) else ()
        return tuple(row for element in listed for row in _rows(spec, {**values, spec.element: element}))

    def paths(self, root: str) -> frozenset[str]:
        """Returns every path the rules read under `root`, as written (a list of `for_each` as `list.*.name`)."""
        return frozenset(path.text for path in self._paths_under(root))

    def fields_by_path(self, record: str) -> dict[str, frozenset[str]]:
        """Returns which fields of a record read each path, as `read` names them."""
        spec = self.records[record]
        found: dict[str, set[str]] = {}
        for rule in spec.rules:
            for path in rule.paths:
                under = path.under(spec.each) if spec.each is not None and path.root == spec.element else path
                found.setdefault(under.text, set()).add(rule.field)
        return {path: frozenset(fields) for path, fields in found.items()}

    def read(self, root: str, value: object) -> dict[str, object]:
        """Returns what the rules read of one root: path -> text, or a list of texts under `.*`.

        JSON-able and canonical (equal values give equal results), for fingerprints and for showing both sides of a
        change. An absent value and an empty one are the same here, as they are in M3.
        """
        found = {path.text: _plain(read_path(path, value)) for path in self._paths_under(root)}
        return dict(sorted(found.items()))

    def _paths_under(self, root: str) -> list[Path]:
        found = []
        for record in self.records.values():
            for path in (path for rule in record.rules for path in rule.paths):
                if record.each is not None and path.root == record.element:
                    path = path.under(record.each)
                found.append(path)
        return [path for path in found if path.text == root or path.text.startswith((f"{root}.", f"{root}["))]


def _rows(record: Record, values: Values) -> tuple[Mapped, ...]:
    if record.lines_of is None:
        return (_map(record, values),)
    mapped = _map(record, values)
    lines = _lines(mapped.fields.get(record.lines_of, ""))
    rows = [Mapped({**mapped.fields, record.lines_of: line}) for line in lines]
    # What was lost is lost once: the first row tells it.
    return (Mapped(rows[0].fields, mapped.notes), *rows[1:]) if rows else ()


def _lines(text: str) -> list[str]:
    """Splits a text into its lines; none of it is no line, and so no record, also where M3 needs the field."""
    return [line for line in text.split("\n") if line]


def _map(record: Record, values: Values) -> Mapped:
    fields: dict[str, str] = {}
    notes: list[Note] = []
    for rule in record.rules:
        if not rule.counts(values):
            continue
        text, lost = rule.evaluate(values)
        for part in _lines(text) if record.lines_of == rule.field else [text]:
            rule.check(part)
        notes += lost
        if text:
            fields[rule.field] = text
    return Mapped(fields, tuple(notes))


def _plain(value: object) -> object:
    if isinstance(value, list | tuple):
        return [_plain(element) for element in value]
    if isinstance(value, dict):
        return {str(key): _plain(value[key]) for key in sorted(value, key=str)}
    if isinstance(value, float):
        return repr(value)
    return as_text(value)
