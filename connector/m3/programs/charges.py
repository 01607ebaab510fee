"""Reads a charge row, which OIS030MI, OIS010MI and CRS610MI list in the same form. Called by those modules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from connector.m3.values import number

COLUMNS = ("CRID", "CRD0", "CRAM", "HACD", "VTCD", "CUCD")


@dataclass(frozen=True, slots=True)
class Charge:
    """A charge as M3 has it set up."""

    id: str  # CRID
    description: str
    amount: Decimal  # CRAM
    currency: str
    vat_code: str  # VTCD
    debit_frequency: str  # HACD: once, or on every delivery


def read_charge(record: Mapping[str, str]) -> Charge:
    """Returns the charge of one row."""
    return Charge(
        id=record.get("CRID", ""),
        description=record.get("CRD0", ""),
        amount=number(record.get("CRAM", "")),
        currency=record.get("CUCD", ""),
        vat_code=record.get("VTCD", ""),
        debit_frequency=record.get("HACD", ""),
    )
