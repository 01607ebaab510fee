"""The hand on rows of the general ledger, under /_control: what an accountant does to them. `control` builds it in."""

from dataclasses import replace
from decimal import Decimal

from flask import Blueprint, Response, jsonify
from pydantic import BaseModel, ConfigDict, Field

from sandbox.m3.control_bodies import body
from sandbox.m3.general_ledger import GeneralLedger, Posting
from sandbox.m3.site import Site


class RowsIn(BaseModel):
    """Body of ledger/rows: the rows whose text begins with `text`, and one thing to do with them."""

    model_config = ConfigDict(extra="forbid")
    text: str = Field(min_length=1)
    account: str = ""  # only those on this account ...
    to: str = ""  # ... are moved to that one
    remove: bool = False
    copy_as: str = ""  # posted once more under a voucher of their own; their text then begins so
    dated: str = ""  # they, or their copies, are of this accounting date
    amount: str = ""  # they, or their copies, are of this amount


def route_vouchers(control: Blueprint, site: Site) -> None:
    """Add the route to the blueprint."""

    @control.post("/ledger/rows")
    def change_rows() -> Response:
        wanted = RowsIn.model_validate(body())
        with site.state.lock:
            return jsonify({"rows": _change(site.state.ledger, wanted)})


def _change(ledger: GeneralLedger, wanted: RowsIn) -> int:
    """Do what is wanted; give how many rows it was done with."""
    rows = [one for one in ledger.postings if _is_meant(one, wanted)]
    if wanted.copy_as:
        voucher = ledger.take_voucher()
        ledger.postings += [_changed(one, wanted, voucher=voucher) for one in rows]
        return len(rows)
    moved = [] if wanted.remove else [_changed(one, wanted) for one in rows]
    ledger.postings = [one for one in ledger.postings if one not in rows] + moved
    return len(rows)


def _is_meant(posting: Posting, wanted: RowsIn) -> bool:
    fields = posting.fields
    return fields.get("VTXT", "").startswith(wanted.text) and wanted.account in ("", fields["AIT1"])


def _retold(posting: Posting, wanted: RowsIn) -> str:
    return (
        wanted.copy_as + posting.fields["VTXT"][len(wanted.text) :] if wanted.copy_as == wanted.text else wanted.copy_as
    )


def _changed(posting: Posting, wanted: RowsIn, *, voucher: int | None = None) -> Posting:
    changes = {
        "AIT1": wanted.to,
        "ACDT": wanted.dated,
        "VTXT": _retold(posting, wanted) if wanted.copy_as else "",
    }
    fields = {**posting.fields, **{name: value for name, value in changes.items() if value}}
    amount = Decimal(wanted.amount) if wanted.amount else posting.amount
    return replace(posting, fields=fields, amount=amount, voucher=voucher or posting.voucher)
