"""Reads YAML by libyaml where PyYAML has it, ten times as fast as without; for whatever reads a file of `config/`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import yaml

_FAST: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""PyYAML's wheels have libyaml; a build of one's own may not."""
_MERGE = "tag:yaml.org,2002:merge"
_Read = TypeVar("_Read")


class NameTwiceError(yaml.MarkedYAMLError):
    """A name stands twice in one mapping: YAML would take the last one and drop the other without a word."""


def read_yaml_file(path: Path) -> Any:
    """Reads a YAML file, as `read_yaml` does its text.

    Raises:
        OSError: It cannot be read.
        yaml.YAMLError: It is not YAML, no UTF-8 text, or holds a name twice.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise yaml.YAMLError("it is no UTF-8 text") from None
    return read_yaml(text)


def read_yaml(text: str, *, names_once: bool = True) -> Any:
    """Reads a YAML text: texts, numbers, lists and mappings only; None if it is empty.

    Args:
        text: The YAML.
        names_once: False takes the last of names that stand twice, as YAML readers do.

    Raises:
        yaml.YAMLError: It is not YAML.
        NameTwiceError: A name stands twice in one mapping.
    """
    content = by_fastest(partial(yaml.load, text))
    if names_once:
        require_names_once(text)
    return content


def require_names_once(text: str) -> None:
    """Makes sure that no mapping of a YAML text holds a name twice.

    Raises:
        NameTwiceError: One does; names both lines.
    """
    for mapping in _mappings(by_fastest(partial(yaml.compose, text)), set()):
        first: dict[str, int] = {}
        for key, _ in mapping.value:
            if key.tag == _MERGE:  # of several << all count
                continue
            name = str(key.value)
            if name in first:
                problem = f"{name} is given twice, first on line {first[name]}; remove one"
                raise NameTwiceError(problem=problem, problem_mark=key.start_mark)
            first[name] = key.start_mark.line + 1


def line_of(text: str, place: Sequence[str | int]) -> int | None:
    """Returns the line of an entry, or of the nearest entry around it; None if there is none.

    Args:
        text: A YAML text that can be read.
        place: Names and numbers (from 0) that lead to the entry.
    """
    node, line = by_fastest(partial(yaml.compose, text)), None
    for part in place:
        if isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
            node = node.value[part]
            line = node.start_mark.line + 1
            continue
        entries = node.value if isinstance(node, yaml.MappingNode) else []
        found = next(((key, value) for key, value in entries if str(key.value) == str(part)), None)
        if found is None:
            return line
        line, node = found[0].start_mark.line + 1, found[1]
    return line


def what_is_wrong(error: yaml.YAMLError) -> str:
    """Returns the line of an error of YAML, where it has one, and what is wrong there, to stand behind a file's name."""
    mark, problem = getattr(error, "problem_mark", None), getattr(error, "problem", None) or str(error)
    line = f", line {mark.line + 1}" if mark else ""
    return (
        f"{line}: {problem}" if isinstance(error, NameTwiceError) else f"{line}: this is not readable YAML ({problem})"
    )


def by_fastest(read: Callable[[Any], _Read]) -> _Read:
    """Reads with a loader of libyaml; what that refuses is read again by PyYAML's own, whose errors name the right line.

    Args:
        read: Takes the loader to use.

    Raises:
        yaml.YAMLError: It is not YAML.
    """
    try:
        return read(_FAST)
    except yaml.YAMLError:
        return read(yaml.SafeLoader)


def _mappings(node: yaml.Node | None, seen: set[int]) -> Iterator[yaml.MappingNode]:
    if node is None or id(node) in seen:  # an alias may stand inside what it names
        return
    seen.add(id(node))
    if isinstance(node, yaml.MappingNode):
        yield node
    if isinstance(node, yaml.MappingNode | yaml.SequenceNode):
        for child in node.value:
            for one in child if isinstance(child, tuple) else (child,):
                yield from _mappings(one, seen)
