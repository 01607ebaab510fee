"""Finds what M3 has booked of lines an order does not have any more. Called by issues_to_m3 after a ledger that knew them was lost.

A line's id is in the numbers of its messages; of one that is gone nobody knows it, so M3 is asked for its list.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from connector.accounting.invoices import StockIssue
from connector.errors import PermanentError
from connector.flows.context import Run
from connector.flows.issues import messages
from connector.flows.issues.keeping import Issue, Issued
from connector.ledger.document_records import DocumentRecord


@dataclass(frozen=True)
class Found:
    """What M3 lists: lines of this store with messages, and those of them that only M3 knows the order had."""

    listed: frozenset[str]
    removed: Mapping[str, Issued]


def find_removed(run: Run, issue: Issue, rules: StockIssue) -> Found:
    """Asks M3 for the messages of an order whose every line is known.

    Raises:
        RetryableError: M3 cannot be asked now.
    """
    run.journal.pause()
    numbers = messages.list_numbers(run.store, [issue.epoch], partner=rules.partner)[issue.epoch]
    lines = {number: messages.line_of(number, store=run.store.name) or "" for number in numbers}
    strange = messages.read(run.store, [number for number, line in lines.items() if line not in issue.lines])
    whose = issue.epoch, messages.remark_of(run.store.name, run.claim.business_key)
    removed = {
        lines[number]: Issued(product_id=0, sku="", item=one.item)
        for number, one in strange.items()
        if (one.external_number, one.remark) == whose
    }
    return Found(frozenset(lines.values()), removed)


def tell_unlisted(run: Run, document: DocumentRecord, issue: Issue) -> DocumentRecord:
    """Tells a person, once, of an order M3 has messages of and does not list them.

    Returns:
        The document, if they were told before.

    Raises:
        PermanentError: They are told now.
    """
    if issue.is_told:
        return document
    run.journal.replan(document, {**document.plan, **replace(issue, is_told=True).to_json()})
    remark = messages.remark_of(run.store.name, run.claim.business_key)
    raise PermanentError(
        "M3 has stock messages of the order and does not list them (MMS850MI/LstMvxMsg), and this ledger does not know what was "
        "booked: units of lines that were removed from the order may still be out of stock.",
        resolution=f"Look in MMS850 for messages with remark {remark} of items the order does not have any more, and book in again "
        "by hand (MMS310) what they took out. Then release this exchange; it does not ask a second time.",
    )
