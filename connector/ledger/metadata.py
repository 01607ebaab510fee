"""All tables of the ledger in one place, for the migrations and whoever empties or compares a database."""

from __future__ import annotations

from connector.ledger import (
    audit_tables,
    customer_tables,
    discard_tables,
    item_tables,
    job_tables,
    m3_tables,
    progress_tables,
    rate_tables,
    reconciliation_tables,
    refund_tables,
    tables,
)
from connector.ledger.base import Base

MODULES = (
    tables,
    audit_tables,
    customer_tables,
    discard_tables,
    item_tables,
    job_tables,
    m3_tables,
    progress_tables,
    rate_tables,
    reconciliation_tables,
    refund_tables,
)
"""Importing a module declares its tables."""

METADATA = Base.metadata
