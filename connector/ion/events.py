"""Reads an event of M3's own subscriber (CMS045/CMS049): any JSON; what it makes due stands in config/ion/events.yaml.

Called by the receiver and by the run of a released dead letter.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from connector.errors import InvalidPayloadError
from connector.ion.due import Due, due_of
from connector.ion.rules import ANYWHERE, EventRules

MOST_VALUES = 100_000
TABLE = re.compile(r"[A-Z][A-Z0-9]{2,9}")


@dataclass(frozen=True)
class M3Event:
    """What an event says. `table` is empty if it names none; `problem` says what is missing."""

    table: str
    due: tuple[Due, ...]
    is_listened_to: bool
    problem: str = ""


def read_event(body: bytes, rules: EventRules, *, table: str = "") -> M3Event:
    """Reads an event.

    Args:
        body: The JSON.
        rules: Where the table and the keys stand.
        table: The table, where the address of the request says so.

    Raises:
        InvalidPayloadError: It is no JSON.
    """
    try:
        content = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise InvalidPayloadError(
            "The event is no JSON.", resolution="Set the content type of the subscription (CMS049) to JSON."
        ) from None
    named = table.upper() if TABLE.fullmatch(table.upper()) else _table_of(content, rules)
    places = rules.tables.get(named)
    if places is None:
        return M3Event(named, (), is_listened_to=False)
    due, problems = [], []
    for flow, paths in places.items():
        one, wrong = due_of(flow, (text for path in paths for text in values_at(content, path)))
        due.append(one)
        if wrong or not one.keys:
            problems.append(f"the event of {named} has no usable key for {flow} at {', '.join(paths)}")
    return M3Event(named, tuple(due), is_listened_to=True, problem="; ".join(problems))


def values_at(content: Any, path: str) -> list[str]:
    """Returns the texts and whole numbers at a path of config/ion/events.yaml; in lists each element is looked at."""
    if path.startswith(ANYWHERE):
        name = path.removeprefix(ANYWHERE).lower()
        return [text for key, value in _pairs(content) if key.lower() == name for text in _texts(value)]
    found = [content]
    for name in path.lower().split("."):
        found = [value for one in found for value in _children(one, name)]
    return [text for one in found for text in _texts(one)]


def _table_of(content: Any, rules: EventRules) -> str:
    """Returns the table the event names: one with a rule if there is such, else the first that can be a table's name."""
    named = [text.upper() for path in rules.table_paths for text in values_at(content, path)]
    candidates = [name for name in named if TABLE.fullmatch(name)]
    return next((name for name in candidates if name in rules.tables), candidates[0] if candidates else "")


def _pairs(content: Any) -> Iterator[tuple[str, Any]]:
    """Yields every name with its value, at whatever depth; without recursion, for depth is the sender's choice."""
    waiting, seen = [content], 0
    while waiting and seen < MOST_VALUES:
        seen += 1
        one = waiting.pop()
        if isinstance(one, Mapping):
            yield from one.items()
            if isinstance(one.get("name"), str) and "value" in one:
                yield one["name"], one["value"]
            waiting.extend(one.values())
        elif isinstance(one, list):
            waiting.extend(one)


def _children(one: Any, name: str) -> list[Any]:
    parts = one if isinstance(one, list) else [one]
    return [value for part in parts if isinstance(part, Mapping) for key, value in part.items() if key.lower() == name]


def _texts(value: Any) -> list[str]:
    parts = value if isinstance(value, list) else [value]
    return [str(part).strip() for part in parts if isinstance(part, str | int) and not isinstance(part, bool)]
