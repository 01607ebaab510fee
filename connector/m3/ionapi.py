"""The `.ionapi` file of Infor ION API, every key checked; read by the runtime and the command line.

Source: protocol.md section 7 (docs.infor.com, ionapi/2021-x; infor-cloud/ion-api-sdk).
"""

from __future__ import annotations

import hashlib
import json
from enum import StrEnum
from typing import Any
from urllib.parse import quote, urlsplit

from pydantic import BaseModel, ConfigDict, SecretStr, ValidationError, field_validator

from connector.errors import ConfigurationError

LOOPBACK = ("127.0.0.1", "::1", "localhost")
SERVICE_ACCOUNT_REMEDY = (
    "In Infor ION API, open Authorized Apps, choose an app of type Backend Service, press Download Credentials, switch "
    '"Create Service Account" on, choose the M3 user, download the file anew and add it with `connector store add`.'
)
NEW_FILE_REMEDY = "Download the file anew in Infor ION API (Authorized Apps, Download Credentials)."


class Grant(StrEnum):
    """How an access token is asked for; chosen in the store file (`m3.grant`)."""

    PASSWORD = "password"  # noqa: S105 - the name of a grant: app of type Backend Service with a service account
    CLIENT_CREDENTIALS = "client_credentials"  # newer files: cn, ci, cs, pu, ot only


class IonApi(BaseModel):
    """One `.ionapi` file. Secrets do not show in its text form."""

    model_config = ConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True)

    ci: SecretStr
    cs: SecretStr
    pu: str
    ot: str
    iu: str
    ti: str
    cn: str = ""
    saak: SecretStr | None = None
    sask: SecretStr | None = None

    @field_validator("ci", "cs", "ot", "ti", "pu", "iu")
    @classmethod
    def _is_not_blank(cls, value: str | SecretStr) -> str | SecretStr:
        if not (value.get_secret_value() if isinstance(value, SecretStr) else value).strip():
            raise ValueError("is empty")
        return value

    @field_validator("pu", "iu")
    @classmethod
    def _is_safe_address(cls, value: str) -> str:
        """Plain http would show the secrets; only a host of this machine or container network may have it."""
        parts = urlsplit(value)
        host = parts.hostname or ""
        is_near = host in LOOPBACK or (host and "." not in host)
        if not host or not (parts.scheme == "https" or (parts.scheme == "http" and is_near)):
            raise ValueError("is no https address")
        return value

    @field_validator("pu")
    @classmethod
    def _ends_with_slash(cls, value: str) -> str:
        if not value.endswith("/"):
            raise ValueError("must end with / (the token path `ot` is put behind it)")
        return value

    @property
    def token_url(self) -> str:
        """Where tokens are asked for."""
        return self.pu + self.ot.lstrip("/")

    def execute_url(self, api_path: str) -> str:
        """Returns the address of the bulk interface; `api_path` is the suite's name and path in the gateway."""
        return f"{self.iu.rstrip('/')}/{quote(self.ti)}/{api_path.strip('/')}"

    def client_key(self, grant: Grant) -> str:
        """Returns the name of this client among the shared tokens; holds no secret."""
        digest = hashlib.sha256(f"{self.token_url} {self.ci.get_secret_value()} {grant}".encode()).hexdigest()
        return f"{self.ti}:{digest[:24]}"


def parse_ionapi(text: str, *, grant: Grant | str = Grant.PASSWORD) -> IonApi:
    """Reads the text of an `.ionapi` file.

    Args:
        text: The file's text, JSON.
        grant: The grant of the store; decides which keys are needed.

    Raises:
        ConfigurationError: Not JSON, or keys missing or wrong; names each key, never its value.
    """
    values = _parse(text)
    wanted = Grant(grant)
    if wanted is Grant.PASSWORD:
        _require(values, ("saak", "sask"), SERVICE_ACCOUNT_REMEDY)
    _require(values, ("ci", "cs", "pu", "ot"), NEW_FILE_REMEDY)
    _require(
        values,
        ("iu", "ti"),
        "Client-credentials files do not have them, but calls need them: add both by hand, `iu` = address of the API "
        'gateway, `ti` = tenant, such as "iu": "https://mingle-ionapi.<region>.inforcloudsuite.com", "ti": "ACME_PRD".',
    )
    try:
        return IonApi.model_validate(values)
    except ValidationError as error:
        wrong = "; ".join(f"{item['loc'][0]}: {item['msg']}" for item in error.errors(include_input=False))
        raise ConfigurationError(f"The .ionapi file cannot be used. {wrong}", resolution=NEW_FILE_REMEDY) from None


def _parse(text: str) -> dict[str, Any]:
    try:
        values = json.loads(text.lstrip("\ufeff"))
    except ValueError:
        raise ConfigurationError("The .ionapi file is not JSON.", resolution=NEW_FILE_REMEDY) from None
    if not isinstance(values, dict):
        raise ConfigurationError("The .ionapi file is not a JSON object.", resolution=NEW_FILE_REMEDY)
    return values


def _require(values: dict[str, Any], keys: tuple[str, ...], resolution: str) -> None:
    missing = [key for key in keys if not values.get(key)]
    if missing:
        raise ConfigurationError(f"The .ionapi file has no {' and no '.join(missing)}.", resolution=resolution)
