"""Deployment settings, read once from the environment by every entry point; nobody else knows `os.environ`."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from connector.errors import ConfigurationError

FILE_SUFFIX = "_FILE"
SHORTEST_KEPT_DAYS = 30
"""What is younger may still be needed: orders are looked at again for two weeks, an exchange may wait for days."""
SHORTEST_AUDIT_DAYS = 365
"""A business year is closed, and audited, by what the trail tells."""


class Settings(BaseModel):
    """One deployment. Every name can also be given as NAME_FILE: a path whose content is the value."""

    model_config = ConfigDict(frozen=True)

    database_url: str = Field(alias="DATABASE_URL")
    redis_url: str = Field(alias="REDIS_URL")
    secret_keys: tuple[str, ...] = Field(default=(), alias="CONNECTOR_SECRET_KEYS")
    home: Path = Field(default=Path(".connector"), alias="CONNECTOR_HOME")
    config_dir: Path = Field(default=Path("config"), alias="CONNECTOR_CONFIG_DIR")
    port: int = Field(default=8080, alias="PORT")
    alert_urls: tuple[str, ...] = Field(default=(), alias="CONNECTOR_ALERT_URLS")
    log_level: str = Field(default="INFO", alias="CONNECTOR_LOG_LEVEL")
    keep_days: int = Field(default=180, ge=0, alias="CONNECTOR_KEEP_DAYS")
    keep_audit_days: int = Field(default=0, ge=0, alias="CONNECTOR_KEEP_AUDIT_DAYS")
    poll_s: int = Field(default=60, ge=5, le=3600, alias="CONNECTOR_POLL_S")
    ion_max_bytes: int = Field(default=50 * 1024 * 1024, ge=64 * 1024, alias="CONNECTOR_ION_MAX_BYTES")
    ion_api_key_header: str = Field(
        default="X-API-Key", pattern=r"^[A-Za-z0-9-]{1,60}$", alias="CONNECTOR_ION_API_KEY_HEADER"
    )

    @field_validator("secret_keys", "alert_urls", mode="before")
    @classmethod
    def _split_commas(cls, value: object) -> object:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @field_validator("log_level")
    @classmethod
    def _is_a_level(cls, value: str) -> str:
        return known_level(value)

    @field_validator("keep_days")
    @classmethod
    def _not_too_short(cls, value: int) -> int:
        if 0 < value < SHORTEST_KEPT_DAYS:
            raise ValueError(f"at least {SHORTEST_KEPT_DAYS} days, or 0 to keep everything")
        return value

    @field_validator("keep_audit_days")
    @classmethod
    def _not_before_the_books_are_closed(cls, value: int) -> int:
        if 0 < value < SHORTEST_AUDIT_DAYS:
            raise ValueError(f"at least {SHORTEST_AUDIT_DAYS} days, or 0 to keep everything")
        return value

    @field_validator("database_url")
    @classmethod
    def _name_the_driver(cls, value: str) -> str:
        """Platforms hand out postgres:// and postgresql://; SQLAlchemy wants the driver named."""
        scheme, found, rest = value.partition("://")
        if not found or scheme not in ("postgres", "postgresql", "postgresql+psycopg2"):
            raise ValueError(
                "it is not the URL of a PostgreSQL database; write it as postgresql://USER:PASSWORD@HOST:PORT/DATABASE"
            )
        return f"postgresql+psycopg2://{rest}"

    @field_validator("redis_url")
    @classmethod
    def _is_a_broker(cls, value: str) -> str:
        if not value.startswith(("redis://", "rediss://", "unix://")):
            raise ValueError("it is not the URL of Redis or Valkey; write it as redis://:PASSWORD@HOST:PORT/0")
        return value


def read_settings(overrides: dict[str, str] | None = None) -> Settings:
    """Reads the settings from the environment.

    Args:
        overrides: Values by environment name that win over the environment (the embedded servers' addresses).

    Raises:
        ConfigurationError: A value is missing or wrong; names each variable.
    """
    names = {str(field.alias) for field in Settings.model_fields.values()}
    contents, unreadable = _contents_of_files(names - (overrides or {}).keys())
    values = {**os.environ, **contents, **(overrides or {})}
    wrong = dict(unreadable)
    try:
        settings = Settings.model_validate({name: value for name, value in values.items() if name in names})
    except ValidationError as error:
        for item in error.errors(include_input=False):
            wrong.setdefault(str(item["loc"][0]), _in_words(item))
    if wrong:
        raise ConfigurationError(
            "The settings cannot be used. " + "; ".join(f"{name}: {what}" for name, what in wrong.items()),
            resolution="Set the named environment variables; config/env.example lists and explains all of them.",
        )
    return settings


def known_level(level: str) -> str:
    """Returns a level of the log as Python names it, in capitals.

    Raises:
        ValueError: There is no such level; names those there are.
    """
    levels = logging.getLevelNamesMapping()
    if level.upper() not in levels:
        raise ValueError(f"there is no such level, only {', '.join(sorted(levels, key=levels.__getitem__))}")
    return level.upper()


def environment() -> dict[str, str]:
    """Returns a copy of the process environment, for starting child processes."""
    return dict(os.environ)


def _contents_of_files(names: Iterable[str]) -> tuple[dict[str, str], dict[str, str]]:
    """Returns what the files of NAME_FILE hold, and why some cannot be read, both by NAME; a NAME that is set counts alone."""
    contents: dict[str, str] = {}
    unreadable: dict[str, str] = {}
    for name in sorted(names):
        path = os.environ.get(f"{name}{FILE_SUFFIX}")
        if path is None or name in os.environ:
            continue
        try:
            contents[name] = Path(path).read_text(encoding="utf-8").strip()
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is no UTF-8 text"
            unreadable[name] = f"{path}, which {name}{FILE_SUFFIX} names, cannot be read ({reason})"
    return contents, unreadable


def _in_words(item: Any) -> str:
    return "it is not set" if item["type"] == "missing" else str(item["msg"]).removeprefix("Value error, ")
