"""Who computes the VAT, and which charge ids money goes by: `money` of a store file. Read by config.py and connector/money."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from enum import StrEnum

from pydantic import Field

from connector.publishing.strict import Strict


class TaxMode(StrEnum):
    """Who computes the VAT of an order (money-and-stock section 3)."""

    M3_COMPUTES = "V"  # no tax is sent; M3's total must equal the shop's
    SHOP_TAX_SENT = "T"  # the shop's tax goes as charges; the customer is without VAT in M3


class VatRounding(StrEnum):
    """How this M3 rounds VAT when it computes it."""

    DOCUMENT = "document"  # once per rate over the whole order
    LINE = "line"  # on each line and charge


class ChargeKind(StrEnum):
    """What a charge id of OIS030 stands for."""

    SHIPPING = "shipping"
    FEE = "fee"
    ROUNDING = "rounding"
    LINE_TAX = "line_tax"  # tax mode T: tax of a line, as line charge
    SHIPPING_TAX = "shipping_tax"  # tax mode T
    FEE_TAX = "fee_tax"  # tax mode T


class ChargeConfig(Strict):
    """One charge id of M3: per kind, VAT rate and currency (money-and-stock section 2)."""

    kind: ChargeKind
    rate: Decimal = Decimal(0)
    currency: str = Field(min_length=3, max_length=3)
    id: str = Field(min_length=1, max_length=6)


class MoneyConfig(Strict):
    """How money is carried across."""

    tax_mode: TaxMode = TaxMode.M3_COMPUTES
    vat_rounding: VatRounding = VatRounding.DOCUMENT
    rounding_limit: Decimal = Decimal(
        "0.05"
    )  # of an order; each further taxed row adds half its currency's smallest unit
    charges: tuple[ChargeConfig, ...] = ()

    def limit_for(self, rows: int, *, decimals: int) -> Decimal:
        """Returns how far an order of `rows` taxed rows may miss by rounding alone.

        A shop that rounds tax on each row misses by at most half the smallest unit a row, so long orders need more room.
        """
        return max(self.rounding_limit, Decimal(rows).scaleb(-decimals) / 2)

    def charge_id(self, kind: ChargeKind, *, rate: Decimal, currency: str) -> str | None:
        """Returns the charge id for `kind` at VAT `rate` (percent) in `currency`, or None if none is configured."""
        for charge in self.charges:
            if (charge.kind, charge.rate, charge.currency) == (kind, rate, currency):
                return charge.id
        return None

    def naming(self, former: Sequence[ChargeConfig]) -> MoneyConfig:
        """Returns the table for an order that has charges by `former` entries: these come first.

        An entry that gives such an id another meaning since is none of this order's.
        """
        ids = {one.id for one in former}
        present = [one for one in self.charges if one.id not in ids or any(_may_share(one, held) for held in former)]
        return self.model_copy(update={"charges": (*former, *present)})


_SHARED = (ChargeKind.SHIPPING, ChargeKind.FEE)


def _may_share(one: ChargeConfig, other: ChargeConfig) -> bool:
    """Tells whether two entries may have one id: shipping and fees of one rate."""
    places = {(entry.id, entry.rate, entry.currency) for entry in (one, other)}
    return len(places) == 1 and (one.kind is other.kind or {one.kind, other.kind} <= set(_SHARED))
