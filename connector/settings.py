"""Deployment settings, read once from the environment by every entry point; nobody else knows `os.environ`."""

from __future__ import annotations

import os
from pathlib import Path

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
        for prefix in ("postgres://", "postgresql://"):
            if value.startswith(prefix):
                return "postgresql+psycopg2://" + value.removeprefix(prefix)
        return value


def read_settings(overrides: dict[str, str] | None = None) -> Settings:
    """Reads the settings from the environment.

    Args:
        overrides: Values by environment name that win over the environment (the embedded servers' addresses).

    Raises:
        ConfigurationError: A value is missing or wrong; names each variable.
    """
    values = {**_environment_with_files(), **(overrides or {})}
    names = {field.alias for field in Settings.model_fields.values()}
    try:
        return Settings.model_validate({name: value for name, value in values.items() if name in names})
    except ValidationError as error:
        wrong = "; ".join(
            f"{item['loc'][0]}: {'it is not set' if item['type'] == 'missing' else item['msg']}"
            for item in error.errors(include_input=False)
        )
        raise ConfigurationError(
            f"The settings cannot be used. {wrong}",
            resolution="Set the named environment variables; config/env.example lists and explains all of them.",
        ) from None


def environment() -> dict[str, str]:
    """Returns a copy of the process environment, for starting child processes."""
    return dict(os.environ)


def _environment_with_files() -> dict[str, str]:
    values = dict(os.environ)
    for name, path in os.environ.items():
        if name.endswith(FILE_SUFFIX) and name.removesuffix(FILE_SUFFIX) not in os.environ:
            try:
                values[name.removesuffix(FILE_SUFFIX)] = Path(path).read_text(encoding="utf-8").strip()
            except OSError:
                continue  # not every *_FILE of a machine is ours; a missing value is reported by its own name
    return values
