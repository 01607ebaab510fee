"""Reads the YAML of a mapping file as text with line numbers; the loader builds on it.

Every plain value stays the text that was typed: 001 is not 1, NO is not false. Only lists, mappings and texts exist.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import yaml

from connector.yaml_text import by_fastest

Value = str | list["Value"] | dict[str, "Value"]
Place = tuple[str, ...]


@dataclass
class Document:
    """What a YAML text holds, where each entry stands, and what was wrong with its form (line, what)."""

    data: Value = ""
    lines: dict[Place, int] = field(default_factory=dict)
    problems: list[tuple[int, str]] = field(default_factory=list)

    def line_of(self, place: Place) -> int:
        """Returns the line of an entry, or of the nearest entry around it."""
        for length in range(len(place), 0, -1):
            if place[:length] in self.lines:
                return self.lines[place[:length]]
        return 1


def read_document(text: str) -> Document:
    """Reads YAML text; faults of form are collected in `problems`, not raised."""
    document = Document()
    try:
        # The parser alone makes no Python objects. Aliases are refused first: they could make a text endless.
        for event in by_fastest(lambda loader: list(yaml.parse(text, loader))):
            if isinstance(event, yaml.AliasEvent):
                line = event.start_mark.line + 1 if event.start_mark else 1
                document.problems.append((line, "aliases (*name) are not used here; write the entry out"))
                return document
        root = by_fastest(lambda loader: yaml.compose(text, loader))
    except yaml.YAMLError as error:
        document.problems.append((_line_of_error(error), f"this is not readable YAML ({_what(error)})"))
        return document
    if root is not None:
        document.data = _build(root, (), document)
    return document


def _build(node: yaml.Node, place: Place, document: Document) -> Value:
    document.lines.setdefault(place, node.start_mark.line + 1)
    if isinstance(node, yaml.MappingNode):
        return dict(_entries(node, place, document))
    if isinstance(node, yaml.SequenceNode):
        return [_build(item, (*place, str(number)), document) for number, item in enumerate(node.value)]
    return str(node.value)


def _entries(node: yaml.MappingNode, place: Place, document: Document) -> Iterator[tuple[str, Value]]:
    seen: dict[str, int] = {}
    for key_node, value_node in node.value:
        key, line = str(key_node.value), key_node.start_mark.line + 1
        if not isinstance(key_node, yaml.ScalarNode):
            document.problems.append((line, "a name must be plain text"))
        elif key in seen:
            where = ".".join((*place, key))
            document.problems.append((line, f"{where} is given twice, first on line {seen[key]}; remove one"))
        else:
            seen[key] = line
            document.lines[(*place, key)] = line
            yield key, _build(value_node, (*place, key), document)


def _line_of_error(error: yaml.YAMLError) -> int:
    mark = getattr(error, "problem_mark", None)
    return int(mark.line) + 1 if mark else 1


def _what(error: yaml.YAMLError) -> str:
    return str(getattr(error, "problem", None) or "its syntax")
