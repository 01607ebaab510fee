"""How a shop SKU becomes an M3 item: `items` of a store file. Read by config.py."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

from pydantic import Field, field_validator

from connector.publishing.strict import Strict, Text


class AliasType(Strict):
    """An alias category of MMS025 under which shop SKUs may be known."""

    category: int = Field(ge=1, le=99)
    qualifier: str = Field(default="", max_length=4)


class ItemsConfig(Strict):
    """How a shop SKU becomes an M3 item."""

    aliases: tuple[AliasType, ...] = ()
    recheck_hours: int = 24
    vat_codes: dict[str, Text] = Field(
        default_factory=dict
    )  # rate in percent -> VTCS of items sold at it; empty: unchecked

    @field_validator("vat_codes")
    @classmethod
    def _are_rates(cls, value: dict[str, str]) -> dict[str, str]:
        wrong = [rate for rate in value if not _is_rate(rate)]
        if wrong:
            raise ValueError(f"vat_codes: {', '.join(wrong)}: a rate above 0 in percent is wanted")
        return value

    def vat_code(self, rate: Decimal) -> str | None:
        """Returns the VAT code of items sold at `rate` percent; None if nobody said it."""
        return next((code for one, code in self.vat_codes.items() if Decimal(one) == rate), None)


def _is_rate(text: str) -> bool:
    try:
        rate = Decimal(text)
    except InvalidOperation:
        return False
    return rate.is_finite() and rate > 0
