"""ARS040MI, batches of customer payments. Called by flows/books.

A batch cannot be read by any published transaction. A person or a job of the site posts it once it is controlled; what was paid is
told by ARS200MI. Source: signatures in catalogue.json; order-rules.md section 9; money-and-stock.md section 9.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from connector.m3.calls import Call
from connector.m3.values import day_text

RECEIPT = "receipt"
"""Beginning of the operations' keys: a site may bind a program of its own."""


def add_batch_head(key: str, *, company: int, division: str, batch_type: str, day: date) -> Call:
    """ARS040MI/AddBatchHead – begins a batch; a PBID that was ever used is refused (derived). So safe to send twice.

    Args:
        key: PBID, 10 digits.
        company: CONO.
        division: DIVI.
        batch_type: BOPE.
        day: ACDT.
    """
    fields = {"CONO": str(company), "DIVI": division, "PBID": key, "BOPE": batch_type, "ACDT": day_text(day)}
    return Call(f"{RECEIPT}.add_head", fields)


def add_batch_line(key: str, *, number: int, company: int, division: str, fields: Mapping[str, str]) -> Call:
    """ARS040MI/AddBatchLine – adds what is paid of one invoice; the same TRNO is refused (derived). Safe to send twice.

    Args:
        key: PBID.
        number: TRNO.
        company: CONO.
        division: DIVI.
        fields: The rest, by M3's names.
    """
    known = {"CONO": str(company), "DIVI": division, "PBID": key, "TRNO": str(number)}
    return Call(f"{RECEIPT}.add_line", {**known, **fields})


def control_batch(key: str, *, company: int, division: str) -> Call:
    """ARS040MI/ControlBatch – checks a batch; from then on it may be posted. Safe to repeat until it is."""
    return Call(f"{RECEIPT}.control", {"CONO": str(company), "DIVI": division, "PBID": key})
