"""Accounts of M3's ledger as a store file names them, and which days may be posted to. Used by this package and the flows."""

from __future__ import annotations

from datetime import date
from enum import StrEnum

from pydantic import Field, field_validator

from connector.publishing.strict import Strict, Text

DIMENSIONS = tuple(f"AIT{place}" for place in range(2, 8))


class Account(Strict):
    """Where an amount is posted: AIT1, further dimensions, and the VAT code M3 reports it under."""

    account: Text = Field(min_length=1, max_length=10)  # AIT1
    vat_code: Text = Field(default="", max_length=2)  # VTCD
    dimensions: dict[str, Text] = Field(default_factory=dict)  # AIT2 to AIT7

    @field_validator("dimensions")
    @classmethod
    def _are_dimensions(cls, value: dict[str, str]) -> dict[str, str]:
        wrong = sorted(set(value) - set(DIMENSIONS))
        if wrong:
            raise ValueError(f"{', '.join(wrong)}: dimensions are {DIMENSIONS[0]} to {DIMENSIONS[-1]}")
        return value


class ClosedPeriod(StrEnum):
    """What becomes of a fact whose day lies in a closed period."""

    HOLD = "hold"  # a person decides
    NEXT_OPEN = "next_open"  # posted on the first open day; the audit trail says so


class BooksConfig(Strict):
    """What holds for everything that is posted to the ledger."""

    closed_through: date | None = None  # the last day of the newest closed period
    closed_period: ClosedPeriod = ClosedPeriod.HOLD
    convert_to: str = Field(default="", pattern="^([A-Z]{3})?$")  # CUCD of everything posted; empty: the order's own
    rate_type: int = Field(default=1, ge=1, le=99)  # CRTP of the rates it is converted by
    control_accounts: tuple[Text, ...] = ()  # of receivables: a journal there would split ledger and sub-ledger
