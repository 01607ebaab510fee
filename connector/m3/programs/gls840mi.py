"""GLS840MI, the generic interface to the ledgers: batches of journal and invoice lines. Called by the flows of flows/books.

A batch cannot be read, listed or deleted by any published transaction. KEY1 is unique for ever, and a line's number within it: so
whatever is sent again with the same KEY1 and LINE is refused as existing and changes nothing. What was posted is told by GLS200MI.
Source: signatures in catalogue.json; order-rules.md section 12; money-and-stock.md section 10.
"""

from __future__ import annotations

from collections.abc import Mapping

from connector.m3.calls import Call

JOURNAL, INVOICE = "journal", "invoice"
"""Beginnings of the operations' keys: a site may bind its own program to either."""


def add_batch_head(kind: str, key: str, *, company: int, division: str, interface: str, description: str) -> Call:
    """GLS840MI/AddBatchHead – begins a batch; a KEY1 that was ever used is refused. So safe to send twice.

    Args:
        kind: JOURNAL or INVOICE.
        key: KEY1, 15 characters.
        company: CONO.
        division: DIVI.
        interface: INTN, as set up in GLS850.
        description: DESC, at most 40 characters.
    """
    fields = {"CONO": str(company), "DIVI": division, "KEY1": key, "INTN": interface, "DESC": description}
    return Call(f"{kind}.add_head", fields)


def add_batch_line(kind: str, key: str, *, line: int, company: int, division: str, fields: Mapping[str, str]) -> Call:
    """GLS840MI/AddBatchLine (PARM) or AddBatchLineFld (fields) – adds a line; the same LINE is refused. Safe to send twice.

    Args:
        kind: JOURNAL: by fields. INVOICE: `fields` is PARM alone, or, where a site bound its own program, fields.
        key: KEY1.
        line: LINE.
        company: CONO, which the transaction by fields does not have.
        division: DIVI.
        fields: The rest, by M3's names.
    """
    known = {"DIVI": division, "KEY1": key, "LINE": str(line)}
    if kind == INVOICE:
        known["CONO"] = str(company)
    return Call(f"{kind}.add_line", {**known, **fields})


def control_batch(kind: str, key: str, *, company: int, division: str) -> Call:
    """GLS840MI/CtrlBatch – checks a batch; one that is refused is in error for good, and its KEY1 with it."""
    return Call(f"{kind}.control", {"CONO": str(company), "DIVI": division, "KEY1": key})


def update_batch(kind: str, key: str, *, company: int, division: str) -> Call:
    """GLS840MI/UpdBatch – hands a batch to the job that posts it, at once or later. Its OK proves nothing.

    Not to be sent a second time before GLS200MI was asked.
    """
    return Call(f"{kind}.update", {"CONO": str(company), "DIVI": division, "KEY1": key})
