"""How the shop and M3 are called, and where in M3 the orders go: `shop` and `m3` of a store file. Read by config.py."""

from __future__ import annotations

from datetime import tzinfo
from zoneinfo import ZoneInfo

from pydantic import Field, field_validator

from connector.publishing.strict import Strict, Text


class ShopConfig(Strict):
    """How the shop is called."""

    allow_plain_http: bool = False
    requests_per_s: float = 10
    concurrency: int = 4


class M3Config(Strict):
    """Where in M3 the orders go, and how the gateway behaves."""

    company: int = Field(ge=1, le=999)
    division: Text = Field(max_length=3)
    facility: Text = Field(max_length=3)
    warehouse: Text = Field(max_length=3)
    order_type: Text = Field(max_length=3)
    timezone: str = "UTC"
    language: str = "GB"
    api_path: str = "M3/m3api-rest/v2/execute"
    gateway_cut_s: float = Field(default=60, gt=0)
    requests_per_s: float = 20
    concurrency: int = 8
    grant: str = Field(default="password", pattern="^(password|client_credentials)$")
    tenure: bool = True

    @field_validator("timezone")
    @classmethod
    def _is_a_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (KeyError, ValueError, OSError):
            raise ValueError(f"{value!r} is no time zone; use a name like Europe/Zagreb") from None
        return value

    @property
    def zone(self) -> tzinfo:
        """The division's time zone; order dates are civil dates in it."""
        return ZoneInfo(self.timezone)
