"""One shape for every log line: event name and fields, JSON on stderr; called first by every entry point."""

from __future__ import annotations

import logging
import re
import sys
import traceback
from contextlib import AbstractContextManager

import structlog
from structlog.contextvars import bound_contextvars, merge_contextvars
from structlog.typing import EventDict, Processor, WrappedLogger

from connector.errors import ConfigurationError
from connector.settings import known_level

MAX_VALUE = 500  # characters; a body or a page of HTML has no place in a log
MAX_TRACEBACK = 8000
HIDDEN = "[hidden]"

_SECRET_KEY = re.compile(
    r"secret|passw|token|authoriz|cookie|signature|credential|api_?key|consumer_key|private_key|^(ci|cs|saak|sask)$",
    re.IGNORECASE,
)
_SECRET_IN_TEXT = re.compile(
    r"(?P<scheme>\b\w+://)[^\s/@]*:[^\s/@]*@"  # user and password of a URL
    r"|\b(?P<word>Bearer|Basic)\s+[\w+/=.~-]{8,}"
    r"|\bc[ks]_[0-9a-f]{16,}"  # consumer key and secret of a shop
    r"|\b(?P<name>password|secret|token|consumer_key|consumer_secret)=[^\s&\"']+",
    re.IGNORECASE,
)
_EMAIL = re.compile(r"[\w.+-]+@[\w-]+(\.[\w-]+)+")
_CELERY_TRACE = "celery.app.trace"
_EXPECTED_ENDS = frozenset({"Reject", "Retry"})  # by name: this module knows nothing of Celery
# Each says a line for every request or connection, at INFO or below.
_TALKATIVE = ("urllib3", "kombu", "amqp", "tornado.access", "werkzeug", "alembic.runtime.plugins")


def configure_logs(level: str) -> None:
    """Sends structlog and the standard library's logging to stderr in one shape.

    JSON lines; on a terminal the same fields as readable text.

    Args:
        level: Name of the lowest level shown, such as INFO.

    Raises:
        ConfigurationError: There is no such level.
    """
    try:
        lowest = known_level(level)
    except ValueError as error:  # `connector up` comes here before any settings are read
        raise ConfigurationError(f"CONNECTOR_LOG_LEVEL: {error}.", resolution="Set it to one of these.") from None
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *_shared_processors(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        # Not cached: a command or test that sets the level anew must reach loggers already used. Costs microseconds.
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_formatter())
    handler.addFilter(_without_expected_tracebacks)
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(lowest)
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)


def _without_expected_tracebacks(record: logging.LogRecord) -> bool:
    """Takes the traceback from what Celery says of a Reject or Retry: these are ordinary ends of a run.

    Celery also hangs arguments and the traceback as text on each record (`data`); the message says the rest.
    """
    if record.name != _CELERY_TRACE:
        return True
    record.__dict__.pop("data", None)
    kind = record.exc_info[0] if record.exc_info else None
    if kind is not None and kind.__name__ in _EXPECTED_ENDS:
        record.exc_info = record.exc_text = None
    return True


def bind(**fields: object) -> AbstractContextManager[None]:
    """Adds `fields` (exchange_id, store, flow, attempt ...) to every log line within the returned context."""
    return bound_contextvars(**fields)


def redact(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Hides secrets and e-mail addresses and cuts long values; a structlog processor.

    The last net only: code that logs such a value is wrong.
    """
    return {key: HIDDEN if _SECRET_KEY.search(key) else _clean(value, key) for key, value in event.items()}


def _clean(value: object, key: str) -> object:
    if isinstance(value, bytes | bytearray):
        return f"[{len(value)} bytes]"
    if isinstance(value, dict):
        return {name: HIDDEN if _SECRET_KEY.search(str(name)) else _clean(one, key) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_clean(one, key) for one in value]
    if not isinstance(value, str):
        return value
    limit = MAX_TRACEBACK if key == "exception" else MAX_VALUE
    text = _EMAIL.sub(HIDDEN, _SECRET_IN_TEXT.sub(_hide, value))
    return text if len(text) <= limit else f"{text[:limit]}… [{len(text)} characters]"


def _hide(found: re.Match[str]) -> str:
    if found["scheme"]:
        return f"{found['scheme']}{HIDDEN}@"
    if found["word"]:
        return f"{found['word']} {HIDDEN}"
    return f"{found['name']}={HIDDEN}" if found["name"] else HIDDEN


def _shared_processors() -> list[Processor]:
    return [
        merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
    ]


def _formatter() -> logging.Formatter:
    terminal = sys.stderr.isatty()
    last: list[Processor] = (
        [structlog.dev.ConsoleRenderer()]
        if terminal
        else [structlog.processors.JSONRenderer(ensure_ascii=False, default=str)]
    )
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[*_shared_processors(), structlog.stdlib.ExtraAdder()],
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            redact,
            *last,
        ],
    )


def places_of(error: BaseException) -> str:
    """Returns where an error came from and its type, as a traceback without its words: they may hold a person's data."""
    return "".join(traceback.format_tb(error.__traceback__)) + type(error).__name__
