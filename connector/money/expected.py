"""What M3 has to hold after Confirm, in a form the ledger keeps, so that a later run compares with what was sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from connector.money.planned import MoneyPlan
from connector.stores.money import TaxMode


@dataclass(frozen=True)
class ExpectedLine:
    """One line by the number it was sent with."""

    cupo: int
    key: str
    amount: Decimal


@dataclass(frozen=True)
class Expected:
    """The amounts of one order as sent, in its currency."""

    currency: str
    tax_mode: TaxMode
    total: Decimal
    shop_tax: Decimal
    vat_tolerance: Decimal
    lines: tuple[ExpectedLine, ...]

    @classmethod
    def of(cls, plan: MoneyPlan, *, cupos: Mapping[str, int]) -> Expected:
        """Takes from a plan what M3 will be compared with. `cupos` is the number given to each line, by its key."""
        return cls(
            currency=plan.currency,
            tax_mode=plan.tax_mode,
            total=plan.total,
            shop_tax=plan.shop_tax,
            vat_tolerance=plan.vat_tolerance,
            lines=tuple(ExpectedLine(cupos[line.key], line.key, line.amount) for line in plan.lines),
        )

    def to_json(self) -> dict[str, Any]:
        """Returns a JSON object; amounts as strings."""
        return {
            "currency": self.currency,
            "tax_mode": self.tax_mode.value,
            "total": str(self.total),
            "shop_tax": str(self.shop_tax),
            "vat_tolerance": str(self.vat_tolerance),
            "lines": [{"cupo": line.cupo, "key": line.key, "amount": str(line.amount)} for line in self.lines],
        }

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Expected:
        """Reads what `to_json` gave."""
        return cls(
            currency=kept["currency"],
            tax_mode=TaxMode(kept["tax_mode"]),
            total=Decimal(kept["total"]),
            shop_tax=Decimal(kept["shop_tax"]),
            vat_tolerance=Decimal(kept["vat_tolerance"]),
            lines=tuple(ExpectedLine(one["cupo"], one["key"], Decimal(one["amount"])) for one in kept["lines"]),
        )
