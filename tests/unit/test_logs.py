"""What a log line looks like, and what never gets into it."""

from __future__ import annotations

import io
import json
import logging
import sys
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
import structlog
from celery.exceptions import Reject, Retry

from connector.logs import bind, configure_logs, places_of, redact


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    output = io.StringIO()
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    monkeypatch.setattr(sys, "stderr", output)
    configure_logs("INFO")
    yield output
    root.handlers = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def read(output: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in output.getvalue().splitlines()]


@pytest.mark.parametrize("level", ["info", "WARNING", "WARN", "FATAL", "NOTSET"])
def test_every_level_python_knows_can_be_set(lines: io.StringIO, level: str) -> None:
    configure_logs(level)

    assert logging.getLogger().level == logging.getLevelNamesMapping()[level.upper()]


def test_a_line_has_event_level_zoned_time_and_the_bound_fields(lines: io.StringIO) -> None:
    with bind(exchange_id=7, store="shop1"):
        structlog.get_logger("workers.base").info("step_done", step="head", total=Decimal("12.30"))

    (line,) = read(lines)
    assert line["event"] == "step_done"
    assert (line["exchange_id"], line["store"], line["step"], line["total"]) == (7, "shop1", "head", "12.30")
    assert line["level"] == "info"
    assert line["timestamp"].endswith("Z")


def test_bound_fields_end_with_their_block(lines: io.StringIO) -> None:
    with bind(exchange_id=7):
        pass
    structlog.get_logger("workers.base").info("idle")

    assert "exchange_id" not in read(lines)[0]


def test_the_standard_library_logs_in_the_same_shape(lines: io.StringIO) -> None:
    logging.getLogger("celery.worker").warning("lost %s", "connection")

    (line,) = read(lines)
    assert (line["event"], line["logger"], line["level"]) == ("lost connection", "celery.worker", "warning")


def test_lines_below_the_level_are_left_out(lines: io.StringIO) -> None:
    structlog.get_logger("workers.base").debug("detail")
    logging.getLogger("celery").debug("detail")

    assert read(lines) == []


def test_an_exception_keeps_its_traceback_on_one_line(lines: io.StringIO) -> None:
    try:
        raise ValueError("password=hunter2 for ana@example.com")
    except ValueError:
        structlog.get_logger("workers.base").exception("bug")

    (line,) = read(lines)
    assert "Traceback" in line["exception"]
    assert "hunter2" not in line["exception"]
    assert "ana@example.com" not in line["exception"]


@pytest.mark.parametrize(
    ("key", "value", "shown"),
    [
        ("consumer_secret", "cs_x", "[hidden]"),
        ("Authorization", "Basic abc", "[hidden]"),
        ("access_token", "abc", "[hidden]"),
        ("business_key", "1001", "1001"),
        ("url", "redis://:pw@127.0.0.1:6379/0", "redis://[hidden]@127.0.0.1:6379/0"),
        ("text", "Bearer abcdefghijklmnop", "Bearer [hidden]"),
        ("text", "key ck_0123456789abcdef0123", "key [hidden]"),
        ("text", "buyer ana.b@example.co.uk wrote", "buyer [hidden] wrote"),
        ("body", b"\x00\x01", "[2 bytes]"),
        ("values", {"password": "x", "n": 1}, {"password": "[hidden]", "n": 1}),
        ("values", ["a@b.example", 2], ["[hidden]", 2]),
    ],
)
def test_secrets_and_addresses_are_hidden(key: str, value: object, shown: object) -> None:
    assert redact(None, "info", {key: value}) == {key: shown}


def test_a_long_value_is_cut_and_says_how_long_it_was() -> None:
    shown = redact(None, "info", {"text": "a" * 2000})["text"]

    assert len(shown) < 600
    assert shown.endswith("[2000 characters]")


@pytest.mark.parametrize(
    "error", [Reject("exchange 69 unknown_item", requeue=False), Retry("exchange 57 rate_limited")]
)
def test_the_ordinary_end_of_a_run_has_no_traceback(lines: io.StringIO, error: Exception) -> None:
    log_as_celery(error)

    (line,) = read(lines)
    assert line["event"] == "Task run[1.1]"
    assert not {"exception", "data"} & line.keys()
    assert "Traceback" not in lines.getvalue()


def test_the_traceback_of_a_bug_in_a_task_is_logged(lines: io.StringIO) -> None:
    log_as_celery(ValueError("a bug"))

    (line,) = read(lines)
    assert "ValueError" in line["exception"]
    assert "data" not in line


def log_as_celery(error: Exception) -> None:
    """Does what celery.app.trace does at the end of a task."""
    try:
        raise error
    except type(error):
        held = sys.exc_info()
    logging.getLogger("celery.app.trace").error(
        "Task %(name)s[%(id)s]", {"name": "run", "id": "1.1"}, exc_info=held, extra={"data": {"traceback": "Traceback"}}
    )


def test_places_of_an_error_say_nothing_of_its_words() -> None:
    name = " ".join(("Ana", "Horvat"))
    try:
        raise ValueError(name)
    except ValueError as error:
        told = places_of(error)

    assert "test_logs.py" in told
    assert told.endswith("ValueError")
    assert name not in told
