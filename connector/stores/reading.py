"""Reads a store file, and says in words what is wrong with it. Called by the command line (`store add`) and the runtime."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any, get_args

import yaml
from pydantic import BaseModel, ValidationError

from connector.errors import ConfigurationError
from connector.stores.config import StoreConfig
from connector.yaml_text import line_of, read_yaml, require_names_once, what_is_wrong


def parse_store_config(text: str, *, source: Path | str) -> StoreConfig:
    """Reads a store file.

    Args:
        text: The YAML text.
        source: Its path or name, for the messages.

    Raises:
        ConfigurationError: Not YAML, an unknown or wrong entry; names file, line and field.
    """
    try:
        raw: Any = read_yaml(text, names_once=False)
    except yaml.YAMLError as error:
        raise _unreadable(source, error) from None
    try:
        return StoreConfig.model_validate(raw if raw is not None else {})
    except ValidationError as error:
        raise ConfigurationError(
            f"{source}: " + "; ".join(_where(item, text) for item in error.errors(include_input=False)),
            resolution="Correct the named entries; config/stores/example.yaml explains each.",
        ) from None


def refuse_names_twice(text: str, *, source: Path | str) -> None:
    """Makes sure that a new store file names no entry twice. One that was taken before this was asked counts as it did.

    Raises:
        ConfigurationError: It does; names the file and both lines.
    """
    try:
        require_names_once(text)
    except yaml.YAMLError as error:
        raise _unreadable(source, error) from None


def _unreadable(source: Path | str, error: yaml.YAMLError) -> ConfigurationError:
    return ConfigurationError(
        f"{source}{what_is_wrong(error)}.",
        resolution="Correct the line; config/stores/example.yaml shows the form.",
    )


def _where(item: Any, text: str) -> str:
    field, line = ".".join(str(part) for part in item["loc"]), line_of(text, item["loc"])
    place = ", ".join(part for part in (f"line {line}" if line else "", field) if part)
    return f"{place}: {_in_words(item)}" if place else _in_words(item)


def _in_words(item: Any) -> str:
    """Says what pydantic says of a name too many or too few as a person would, with the name that may be meant."""
    if item["type"] == "missing":
        return "this entry is missing"
    if item["type"] == "model_type":
        return "there must be lines of the form `name: value`"
    if item["type"] != "extra_forbidden":
        return str(item["msg"])
    names = _names_at(item["loc"][:-1])
    close = get_close_matches(str(item["loc"][-1]), names, n=1)
    if close:
        return f"there is no such entry; did you mean {close[0]}?"
    return f"there is no such entry; possible here: {', '.join(sorted(names))}" if names else "there is no such entry"


def _names_at(path: Sequence[str | int]) -> list[str]:
    """Returns the names an entry of the file may hold; follows lists and tables to what they hold."""
    model: Any = StoreConfig
    for part in path:
        kind = model.model_fields[part].annotation if isinstance(part, str) and _is_model(model) else model
        model = next((one for one in (kind, *get_args(kind)) if _is_model(one)), kind)
    return list(model.model_fields) if _is_model(model) else []


def _is_model(kind: object) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseModel)
