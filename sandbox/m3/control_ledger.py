"""The hand on the ledgers, under /_control; `control` builds it in."""

from decimal import Decimal

from flask import Blueprint, Response, jsonify
from pydantic import BaseModel, ConfigDict, Field

from sandbox.m3.control_bodies import body, locked
from sandbox.m3.posting import delete_unposted, enter_by_hand, update_payments
from sandbox.m3.site import Site


class LedgerIn(BaseModel):
    """Body of ledger: what is left out is as at the start."""

    model_config = ConfigDict(extra="forbid")
    closed_through: str = Field(default="", pattern=r"^(\d{8})?$")
    lag_s: float = Field(default=0, ge=0)
    fails_silently: bool = False
    posts_payments: bool = False


class PaidIn(BaseModel):
    """Body of invoices/paid: what somebody in M3 leaves an invoice paid with."""

    model_config = ConfigDict(extra="forbid")
    cino: str = Field(min_length=1)
    paid: Decimal


class InvoiceIn(BaseModel):
    """Body of invoices: what somebody in M3 enters by hand."""

    model_config = ConfigDict(extra="forbid")
    cuno: str = Field(min_length=1)
    cino: str = Field(min_length=1)
    cucd: str = Field(min_length=3, max_length=3)
    amount: Decimal


def route_ledger(control: Blueprint, site: Site) -> None:
    """Add the routes to the blueprint."""

    @control.post("/ledger")
    def set_ledger() -> Response:
        wanted = LedgerIn.model_validate(body() or {})
        with site.state.lock:
            ledger = site.state.ledger
            ledger.closed_through, ledger.lag_s = wanted.closed_through, wanted.lag_s
            ledger.fails_silently, ledger.posts_payments = wanted.fails_silently, wanted.posts_payments
        return jsonify(wanted.model_dump())

    @control.post("/ledger/batches/<key>/delete")
    def delete_batch(key: str) -> Response:
        """What a person does in GLS840 with a batch that is not in the ledger; its KEY1 may be given again."""
        return locked(site, lambda: {"key1": delete_unposted(site.state, key)})

    @control.post("/invoices")
    def enter_invoice() -> Response:
        """What a person does in ARS100: enter an invoice of a customer that no order is behind."""
        wanted = InvoiceIn.model_validate(body())
        return locked(site, lambda: {"cino": enter_by_hand(site.state, **wanted.model_dump())})

    @control.post("/invoices/paid")
    def set_paid() -> Response:
        """What a person does in ARS110: pay an invoice, or take a payment off it."""
        wanted = PaidIn.model_validate(body())
        with site.state.lock:
            invoices = [one for one in site.state.ledger.invoices.values() if one.number == wanted.cino]
            for invoice in invoices:
                invoice.paid = wanted.paid
        return jsonify({"invoices": len(invoices)})

    @control.post("/payments/update")
    def update() -> Response:
        return locked(site, lambda: {"pbids": update_payments(site.state)})
