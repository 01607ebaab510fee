"""How payments of the shop come into M3's ledger: `payments` of a store file."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from enum import StrEnum
from typing import Self

from pydantic import Field, model_validator

from connector.accounting.accounts import Account
from connector.publishing.strict import Strict, Text


class GatewayFee(Strict):
    """What the gateway kept for itself, where a plug-in writes it on the order."""

    meta_keys: tuple[str, ...] = Field(min_length=1)  # the first one the order has counts
    currency_key: str = ""  # meta key of the fee's currency, where it may be another than the order's
    account: Account
    vat_rate: Decimal = Field(default=Decimal(0), ge=0, lt=100)  # percent contained in the fee
    vat_account: Account | None = None

    @model_validator(mode="after")
    def _vat_has_a_place(self) -> Self:
        if bool(self.vat_rate) != (self.vat_account is not None):
            raise ValueError("vat_rate and vat_account belong together")
        return self


class PaymentMethod(Strict):
    """One payment method of the shop."""

    clearing: Account  # what the gateway owes us until it pays out
    fee: GatewayFee | None = None


class Against(StrEnum):
    """What an invoice is paid with in the receivables."""

    PREPAYMENT = "prepayment"  # the journal at once stays, and its liability is used up (money-and-stock section 9 b)
    CLEARING = "clearing"  # there is no journal at once but of the fee; the gateway's account is debited (section 9 a)


class Settlement(Strict):
    """The invoices are paid in the receivables (ARS040) once M3 has them."""

    against: Against
    batch_type: Text = Field(min_length=1, max_length=3)  # BOPE
    payment_type: Text = Field(default="", max_length=2)  # PYTP
    series: int = Field(ge=10, le=99)  # the first two digits of PBID, one for each store


class PaymentsConfig(Strict):
    """Payments: by a journal at once, onto the invoices once they are there, or both."""

    interface: Text = Field(min_length=1, max_length=15)  # INTN of GLS850, usage type 2
    identity: Text = Field(min_length=1, max_length=2)  # INRI, the record type of its lines
    liability: Account
    methods: dict[str, PaymentMethod]
    settle: Settlement | None = None

    @property
    def has_prepayments(self) -> bool:
        """Whether a payment is posted before there is an invoice."""
        return self.settle is None or self.settle.against is Against.PREPAYMENT

    def accounts(self) -> Iterator[Account]:
        """Goes through every account a journal may touch."""
        yield self.liability
        for method in self.methods.values():
            yield method.clearing
            if method.fee is not None:
                yield method.fee.account
                if method.fee.vat_account is not None:
                    yield method.fee.vat_account
