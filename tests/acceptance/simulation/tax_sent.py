"""The store file of a day on which the shop's tax is sent as charges, and M3 computes no VAT. Used by sorts.py."""

from __future__ import annotations

from typing import Any

LETTERS = {"EUR": "X", "USD": "U"}
"""The third letter of charge ids in the sandbox, by currency."""
KINDS = {"line_tax": "TA", "shipping_tax": "ST", "fee_tax": "FT"}
RATES = {"25": "25", "5": "05"}


def send_tax(content: dict[str, Any]) -> None:
    """Changes a store file: tax mode T, its charges, and common customers alone."""
    content["money"]["tax_mode"] = "T"
    content["money"]["charges"] += [
        {"kind": kind, "rate": rate, "currency": currency, "id": f"{letters}{letter}{suffix}"}
        for kind, letters in KINDS.items()
        for rate, suffix in RATES.items()
        for currency, letter in LETTERS.items()
    ]
    common = [{"countries": ["*"], "currency": currency, "number": f"TAXT{currency}"} for currency in LETTERS]
    content["customers"] |= {"guests": "common", "registered": "common", "common": common}
