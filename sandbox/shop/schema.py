"""Checks of query arguments and bodies with WordPress's messages; called by `routing` before a handler runs."""

import re
from collections.abc import Callable, Iterable
from typing import Any, TypeAlias

from sandbox.shop.dates import is_stamp
from sandbox.shop.errors import invalid_params, missing_params
from sandbox.shop.wire import JSONDict

Problem: TypeAlias = tuple[str, str, Any]
Check: TypeAlias = Callable[[str, Any], Problem | None]
Schema: TypeAlias = dict[str, Check]


def validate(schema: Schema, values: JSONDict, *, required: Iterable[str] = ()) -> None:
    """Check every known value; unknown names are ignored, as WordPress does.

    Raises:
        RestError: 400 `rest_missing_callback_param` or `rest_invalid_param`.
    """
    missing = [name for name in required if name not in values]
    if missing:
        raise missing_params(missing)
    found = {name: check(name, values[name]) for name, check in schema.items() if name in values}
    problems = {name: problem for name, problem in found.items() if problem}
    if problems:
        raise invalid_params(problems)


def wrong_type(name: str, kind: str) -> Problem:
    """Build the problem of a value that has another JSON type."""
    return "rest_invalid_type", f"{name} is not of type {kind}.", {"param": name}


def is_integer(value: Any) -> bool:
    """Say whether WordPress takes the value for an integer (a text of digits counts)."""
    if isinstance(value, bool):
        return False
    if isinstance(value, float):
        return value.is_integer()
    return isinstance(value, int) or (isinstance(value, str) and bool(re.fullmatch(r"-?\d+(\.0+)?", value)))


def integer(name: str, value: Any) -> Problem | None:
    """Check for an integer."""
    return None if is_integer(value) else wrong_type(name, "integer")


def stock(name: str, value: Any) -> Problem | None:
    """Check a stock quantity: an integer, or null, which the shop turns into 0."""
    return None if value is None or is_integer(value) else wrong_type(name, "integer")


def text(name: str, value: Any) -> Problem | None:
    """Check for a text; a JSON number is refused."""
    return None if isinstance(value, str) else wrong_type(name, "string")


def text_or_null(name: str, value: Any) -> Problem | None:
    """Check for a text or null."""
    return None if value is None or isinstance(value, str) else wrong_type(name, "string,null")


def boolean(name: str, value: Any) -> Problem | None:
    """Check for a boolean or one of the texts WordPress takes for one."""
    known = isinstance(value, bool) or str(value).lower() in {"true", "false", "1", "0"}
    return None if known else wrong_type(name, "boolean")


def mapping(name: str, value: Any) -> Problem | None:
    """Check for an object; an empty list counts, as PHP cannot tell them apart."""
    return None if isinstance(value, dict) or value == [] else wrong_type(name, "object")


def objects(name: str, value: Any) -> Problem | None:
    """Check for a list of objects; a single text is taken for a list of one, as WordPress does."""
    items = value.split(",") if isinstance(value, str) else value
    if not isinstance(items, list):
        return wrong_type(name, "array")
    bad = next((i for i, item in enumerate(items) if not isinstance(item, dict)), None)
    return None if bad is None else wrong_type(f"{name}[{bad}]", "object")


def billing(name: str, value: Any) -> Problem | None:
    """Check a billing address: an object whose e-mail, if any, is one."""
    if problem := mapping(name, value):
        return problem
    email = value.get("email") if isinstance(value, dict) else None
    if email and not is_email(str(email)):
        return "rest_invalid_email", "Invalid email address.", None
    return None


def is_email(value: str) -> bool:
    """Say whether WordPress takes the text for an e-mail address."""
    return bool(re.fullmatch(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+", value))


def date(name: str, value: Any) -> Problem | None:
    """Check for a date and time."""
    return None if is_stamp(str(value)) else ("rest_invalid_date", "Invalid date.", None)


def between(low: int, high: int) -> Check:
    """Make a check for an integer in a closed range."""

    def check(name: str, value: Any) -> Problem | None:
        if problem := integer(name, value):
            return problem
        if low <= int(value) <= high:
            return None
        limits = f"{name} must be between {low} (inclusive) and {high} (inclusive)"
        return "rest_out_of_bounds", limits, None

    return check


def at_least(low: int) -> Check:
    """Make a check for an integer with a lower bound."""

    def check(name: str, value: Any) -> Problem | None:
        if problem := integer(name, value):
            return problem
        too_low = int(value) < low
        return ("rest_out_of_bounds", f"{name} must be greater than or equal to {low}", None) if too_low else None

    return check


def one_of(*allowed: str) -> Check:
    """Make a check for one of several texts."""

    def check(name: str, value: Any) -> Problem | None:
        if value in allowed:
            return None
        return "rest_not_in_enum", f"{name} is not one of {_listed(allowed)}.", None

    return check


def list_of(*allowed: str) -> Check:
    """Make a check for texts, as list or comma-separated, each one of several."""
    single = one_of(*allowed)

    def check(name: str, value: Any) -> Problem | None:
        found = (single(f"{name}[{i}]", item) for i, item in enumerate(as_list(value)))
        return next((problem for problem in found if problem), None)

    return check


def integers(name: str, value: Any) -> Problem | None:
    """Check for a list of integers, as list or comma-separated."""
    found = (integer(f"{name}[{i}]", item) for i, item in enumerate(as_list(value)))
    return next((problem for problem in found if problem), None)


def as_list(value: Any) -> list[Any]:
    """Read a list argument: a real list or a comma-separated text."""
    if isinstance(value, list):
        return value
    return [part.strip() for part in str(value).split(",") if part.strip()]


def _listed(allowed: tuple[str, ...]) -> str:
    if len(allowed) == 2:
        return f"{allowed[0]} and {allowed[1]}"
    return f"{', '.join(allowed[:-1])}, and {allowed[-1]}"
