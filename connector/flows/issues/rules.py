"""How units of an order are booked in M3: as the store file says, or as it said while it did. Called by issues_to_m3."""

from __future__ import annotations

from typing import Any

from connector.accounting.invoices import StockIssue
from connector.errors import MappingError
from connector.flows.context import Run, StoreContext
from connector.flows.issues.keeping import Issue


def stated(store: StoreContext) -> StockIssue | None:
    """Returns what the store file says; None if it does not have units booked out (any more)."""
    return None if store.config.invoices is None else store.config.invoices.issue


def rules_of(run: Run, issue: Issue) -> StockIssue:
    """Returns how units of an order are booked; what was booked out is given back in the same way, if the file says nothing.

    Raises:
        MappingError: The file says nothing, and a former version that booked them kept nothing of it.
    """
    rules = stated(run.store)
    if rules is None and not issue.rules:
        raise MappingError(
            "Units of the order were booked out by a former version, and the store file does not say any more how.",
            rule="invoices.issue",
            field="E0PA",
            resolution="Put invoices.issue back into the store file, give it to `connector store add`, then release the exchange; "
            "after that the file needs no invoices.issue for this order.",
        )
    return rules or StockIssue.model_validate(issue.rules, extra="ignore")


def as_kept(rules: StockIssue | None) -> dict[str, Any]:
    """Returns what is kept with an order."""
    return {} if rules is None else rules.model_dump(mode="json")
