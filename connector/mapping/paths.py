"""Paths into what a rule may read (`order.billing.city`): the loader parses and checks them, the rules read them."""

from __future__ import annotations

import dataclasses
import re
import types
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from difflib import get_close_matches
from enum import Enum
from functools import cache
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from pydantic import BaseModel

PATH = re.compile(r"[a-z_]\w*(?:\.\w+|\[[^\[\]]+\])*")
TOKEN = re.compile(r"\.(\w+)|\[([^\[\]]+)\]")
SCALARS = (str, int, Decimal, date, Enum)


@dataclass(frozen=True)
class Key:
    """A step that finds the element of a list by its `key` and goes on with its `value` (meta data)."""

    key: str


class Every(Enum):
    """A step to every element of a list; made by `for_each`, never written."""

    ELEMENT = "*"


Step = str | int | Key | Every


@dataclass(frozen=True)
class Path:
    """A parsed path; `text` is what the file says."""

    text: str
    root: str
    steps: tuple[Step, ...]

    def under(self, path: Path) -> Path:
        """Returns this path with its root replaced by every element of the list at `path`."""
        rest = self.text.removeprefix(self.root)
        return Path(f"{path.text}.*{rest}", path.root, (*path.steps, Every.ELEMENT, *self.steps))


def parse_path(text: str) -> Path:
    """Parses a path.

    Raises:
        ValueError: It is not one; says how one looks.
    """
    if not PATH.fullmatch(text):
        raise ValueError(f"{text!r} is no path; write it like order.billing.city or order.meta_data[my_key]")
    root = re.match(r"\w+", text)
    name = root.group() if root else text
    return Path(text, name, tuple(_step(*match.groups()) for match in TOKEN.finditer(text)))


def _step(name: str | None, key: str | None) -> Step:
    if key is not None:
        return Key(key)
    name = name or ""
    return int(name) if name.isdigit() else name


def type_at(path: Path, roots: Mapping[str, object]) -> object:
    """Returns the declared type of what `path` leads to.

    Raises:
        ValueError: The root or a step does not exist; names it and what exists.
    """
    if path.root not in roots:
        raise ValueError(f"{path.text}: there is no {path.root!r} here; paths start with {_listed(roots)}")
    kind, gone = roots[path.root], path.root
    for step in path.steps:
        try:
            kind = _member(_bare(kind), step)
        except LookupError as error:
            raise ValueError(f"{path.text}: {gone} {error.args[0]}") from None
        gone += f".{step}"
    return _bare(kind)


def element_type(path: Path, roots: Mapping[str, object]) -> object:
    """Returns the type of the elements of the list at `path`.

    Raises:
        ValueError: There is no list.
    """
    try:
        return _bare(_element(type_at(path, roots)))
    except LookupError:
        raise ValueError(f"{path.text} is no list") from None


def is_scalar(kind: object) -> bool:
    """Tells whether a declared type can be written into one field; float never can."""
    if kind is Any or kind is object or get_origin(kind) is Literal:
        return True
    if get_origin(kind) in (Union, types.UnionType):
        return all(is_scalar(_bare(part)) for part in get_args(kind))
    return isinstance(kind, type) and issubclass(kind, SCALARS)


def read_path(path: Path, value: object) -> object:
    """Returns what `path` leads to in the value of its root; None where a step leads nowhere."""
    return _read(path.steps, value)


def as_text(value: object) -> str:
    """Returns a value as M3 text: a number without exponent, a date as YYYYMMDD, a moment in ISO form, None as "".

    Raises:
        ValueError: A list, an object or a float, which have no exact text.
    """
    if value is None:
        return ""
    if isinstance(value, Enum):
        value = value.value
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, date):
        return value.isoformat() if isinstance(value, datetime) else value.strftime("%Y%m%d")
    if isinstance(value, str | int):
        return str(value)
    raise ValueError(f"holds a {type(value).__name__}, which is not one plain value")


def _read(steps: tuple[Step, ...], value: object) -> object:
    for number, step in enumerate(steps):
        if value is None:
            return None
        if step is Every.ELEMENT:
            return [_read(steps[number + 1 :], element) for element in _elements(value)]
        value = _take(value, step)
    return value


def _take(value: object, step: Step) -> object:
    if isinstance(step, Key):
        # Like WooCommerce's own get_meta: the first entry of a key counts.
        return next((item.value for item in _elements(value) if item.key == step.key), None)
    if isinstance(step, int):
        elements = _elements(value)
        return elements[step] if step < len(elements) else None
    if isinstance(value, Mapping):
        return value.get(str(step))
    return getattr(value, str(step), None)


def _elements(value: object) -> Sequence[Any]:
    return value if isinstance(value, Sequence) and not isinstance(value, str) else ()


def _bare(kind: object) -> object:
    """Takes Annotated, `| None` and new-type wrappers off a type."""
    if get_origin(kind) is Annotated:
        return _bare(get_args(kind)[0])
    if hasattr(kind, "__supertype__"):
        return _bare(kind.__supertype__)
    if get_origin(kind) in (Union, types.UnionType):
        parts = [part for part in get_args(kind) if part is not type(None)]
        return _bare(parts[0]) if len(parts) == 1 else kind
    return kind


def _member(kind: object, step: Step) -> object:
    """Returns the type one step further; LookupError says what is wrong."""
    if kind is Any or kind is object:
        return Any
    if isinstance(step, Key):
        return _member(_bare(_element(kind)), "value")
    if isinstance(step, int):
        return _element(kind)
    if get_origin(kind) in (dict, Mapping):
        return get_args(kind)[1]
    names = _members(kind)
    if step not in names:
        near = get_close_matches(str(step), names, n=1)
        hint = f"did you mean {near[0]}?" if near else f"it has {_listed(names)}" if names else "it is a plain value"
        raise LookupError(f"has no {step!r}; {hint}")
    return names[str(step)]


def _element(kind: object) -> object:
    if kind is Any:
        return Any
    origin, args = get_origin(kind), get_args(kind)
    if isinstance(origin, type) and issubclass(origin, Sequence) and args:
        return args[0]
    raise LookupError("is no list")


def _members(kind: object) -> Mapping[str, object]:
    return _members_of(kind) if isinstance(kind, type) else {}


@cache
def _members_of(kind: type) -> Mapping[str, object]:
    found: dict[str, object] = {}
    if issubclass(kind, BaseModel):
        found = {name: info.annotation for name, info in kind.model_fields.items()}
    elif dataclasses.is_dataclass(kind):
        hints = get_type_hints(kind)
        found = {one.name: hints[one.name] for one in dataclasses.fields(kind)}
    for base in reversed(kind.__mro__ if found else ()):
        for name, member in vars(base).items():
            if isinstance(member, property) and member.fget is not None and not name.startswith(("_", "model_")):
                found[name] = get_type_hints(member.fget).get("return", Any)
    return found


def _listed(names: Mapping[str, object]) -> str:
    return ", ".join(sorted(names))
