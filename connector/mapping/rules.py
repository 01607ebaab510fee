"""The rules of a mapping file, ready to run: what each gives for the values at hand; the engine runs them."""

from __future__ import annotations

import re
from collections.abc import Callable
from collections.abc import Mapping as ReadOnlyMapping
from dataclasses import dataclass
from typing import Any

from connector.errors import MappingError
from connector.mapping.paths import Path, as_text, read_path
from connector.mapping.schema import Unlisted
from connector.mapping.transforms import Changed

Values = ReadOnlyMapping[str, object]
NUMERIC = re.compile(r"-?[0-9]+(\.[0-9]+)?")
SHOWABLE_KEY = re.compile(r"[A-Za-z0-9_.:*/-]{0,40}")
DOCUMENT = "docs/mapping.md"
# Control characters, halves of characters, and those beyond 16 bits (emoji).
UNSTORABLE = re.compile("[\\x00-\\x1f\\x7f-\\x9f\\ud800-\\udfff\\U00010000-\\U0010ffff]")


@dataclass(frozen=True)
class Note:
    """What a rule had to change in a value so that M3 can hold it; for the audit trail, without the value."""

    field: str
    what: str


@dataclass(frozen=True)
class Step:
    """A transform with its argument, bound at load; where `beside` is set, the argument is the text there."""

    name: str
    run: Callable[[str, Any], Changed]
    argument: object
    beside: Path | None = None


@dataclass(frozen=True)
class Condition:
    """When a rule counts: the text at `path` is (or is not, if `negated`) one of `texts`."""

    path: Path
    texts: frozenset[str]
    negated: bool


@dataclass(frozen=True)
class Lookup:
    """A table of the store."""

    name: str
    table: ReadOnlyMapping[str, str]
    unlisted: Unlisted


@dataclass(frozen=True)
class Sides:
    """Between which two a file maps, for messages: where values come from, and who takes them."""

    source: str
    target: str


TO_M3 = Sides("the shop", "M3")
TO_SHOP = Sides("M3", "the shop")


@dataclass(frozen=True)
class Rule:
    """One field of a record, ready to run. `place` is file and line, `name` record and field, for messages."""

    place: str
    name: str
    field: str
    length: int | None
    numeric: bool
    sources: tuple[tuple[Path, ...], ...] = ()
    constant: str = ""
    separator: str = " "
    steps: tuple[Step, ...] = ()
    lookup: Lookup | None = None
    default: str = ""
    required: bool = False
    condition: Condition | None = None
    sides: Sides = TO_M3

    @property
    def paths(self) -> tuple[Path, ...]:
        """All paths the rule reads."""
        condition = (self.condition.path,) if self.condition else ()
        beside = (step.beside for step in self.steps if step.beside is not None)
        return (*(path for source in self.sources for path in source), *beside, *condition)

    def counts(self, values: Values) -> bool:
        """Tells whether the condition of the rule holds; without one it always does."""
        if self.condition is None:
            return True
        text = _text(self, self.condition.path, values).strip()
        return (text in self.condition.texts) is not self.condition.negated

    def evaluate(self, values: Values) -> tuple[str, list[Note]]:
        """Returns the text of the field, and notes of what was lost on the way.

        Raises:
            MappingError: A transform or a table of the store has no answer.
        """
        text, notes = self.constant or _source(self, values), []
        for step in self.steps:
            argument = step.argument if step.beside is None else _text(self, step.beside, values)
            try:
                changed = step.run(text, argument)
            except ValueError as error:
                what = f"the value {error} ({step.name})"
                raise _unplaced(self, what, f"Correct it in {self.sides.source}. {_or_rule(self)}") from None
            text = changed.text
            notes += [Note(self.field, changed.note)] if changed.note else []
        if self.lookup is not None:
            text, lost = _looked_up(self, text, self.lookup)
            notes += [Note(self.field, lost)] if lost else []
        return text or self.default, notes

    def check(self, text: str) -> None:
        """Checks that M3 can hold a text in the field.

        Raises:
            MappingError: It is missing, too long, no number, or has characters M3 cannot hold.
        """
        if text:
            _check_fit(self, text)
        elif self.required:
            raise _unplaced(
                self, f"{self.sides.target} needs a value and {_looked_at(self)} gives none", _complete(self)
            )


def _source(rule: Rule, values: Values) -> str:
    for source in rule.sources:
        parts = [part for part in (_text(rule, path, values) for path in source) if part.strip()]
        if parts:
            return rule.separator.join(parts)
    return ""


def _text(rule: Rule, path: Path, values: Values) -> str:
    try:
        return as_text(read_path(path, values[path.root]))
    except ValueError as error:
        raise _unplaced(rule, f"{path.text} {error}", _or_rule(rule)) from None


def _looked_up(rule: Rule, text: str, lookup: Lookup) -> tuple[str, str]:
    """Returns what the table makes of a text, and a note if something of it was lost."""
    if text in lookup.table:
        return lookup.table[text], ""
    if lookup.unlisted is Unlisted.FIT and rule.length is not None and len(text) > rule.length:
        return "", f"left out: {len(text)} characters, more than {rule.length}"
    if lookup.unlisted in (Unlisted.KEEP, Unlisted.FIT):
        return text, ""
    if lookup.unlisted is Unlisted.EMPTY or not text:
        return "", ""
    key = repr(text) if SHOWABLE_KEY.fullmatch(text) else f"the value found ({len(text)} characters)"
    raise _unplaced(
        rule,
        f"the store's table {lookup.name} has no entry for {key}",
        f"Add it in the store file under lookups: {lookup.name}: with {_code(rule)}, then check the "
        "store. What waits for it goes on by itself.",
    )


def _check_fit(rule: Rule, text: str) -> None:
    if rule.length is not None and len(text) > rule.length:
        raise _unplaced(
            rule,
            f"the value has {len(text)} characters, {rule.field} holds {rule.length}",
            f"Shorten it in {rule.sides.source}. {_or_rule(rule)}",
        )
    if UNSTORABLE.search(text):
        raise _unplaced(
            rule,
            f"the value ({len(text)} characters, {rule.field} holds {rule.length}) has an emoji, a line break or a "
            f"control character, which {rule.sides.target} cannot hold",
            f"Correct it in {rule.sides.source}, or add the transform m3_text to this rule ({DOCUMENT}).",
        )
    if rule.numeric and not NUMERIC.fullmatch(text):
        raise _unplaced(rule, f"{rule.field} is a number in {rule.sides.target} and the value is none", _or_rule(rule))


def _looked_at(rule: Rule) -> str:
    named = " or ".join("+".join(path.text for path in source) for source in rule.sources)
    return f"{named} through the table {rule.lookup.name}" if rule.lookup else named


def _complete(rule: Rule) -> str:
    if rule.lookup is not None:
        return (
            f'Complete it in {rule.sides.source}, or add an entry "" to lookups: {rule.lookup.name}: in the store file.'
        )
    return f"Complete it in {rule.sides.source}, or give the rule a default ({DOCUMENT})."


def _code(rule: Rule) -> str:
    return f"the M3 code of {rule.field}" if rule.sides is TO_M3 else f"the shop's value of {rule.field}"


def _or_rule(rule: Rule) -> str:
    return f"If it happens often, change the rule {rule.name} ({DOCUMENT})."


def _unplaced(rule: Rule, what: str, resolution: str) -> MappingError:
    message = f"{rule.place}, {rule.name}: {what}."
    return MappingError(message, rule=rule.name, field=rule.field, resolution=resolution)
