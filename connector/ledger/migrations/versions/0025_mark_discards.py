"""Mark the shop's orders with what was discarded of them, so that a ledger put back to before that finds it again."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"

FLOWS = (
    "'orders_to_m3', 'payments_to_m3', 'settlements_to_m3', 'invoices_to_m3', 'issues_to_m3',"
    " 'refunds_to_m3', 'credits_to_m3', 'repayments_to_m3'"
)
NAME = f"""
UPDATE discard k SET order_id = CAST(split_part(e.business_key, '-', 1) AS bigint)
FROM exchange e WHERE e.id = k.exchange_id AND e.flow IN ({FLOWS}) AND e.business_key ~ '^[0-9]{{1,18}}(-|$)'
"""
ASK = """
INSERT INTO exchange (store, scope, flow, business_key, pool, doubt_rev, not_before)
SELECT DISTINCT x.store, x.scope, 'discards_to_woo', CAST(k.order_id AS varchar), 'status', 1,
       ledger_now() + interval '15 minutes'
FROM discard k JOIN exchange x ON x.id = k.exchange_id WHERE k.order_id IS NOT NULL
"""
"""Due once the workers of the former version, which know no such flow, have ended."""


def upgrade() -> None:
    """Adds the order of a discard, and has those marked that were made before."""
    op.add_column("discard", sa.Column("order_id", sa.BigInteger(), nullable=True))
    op.create_index(op.f("ix_discard_order_id"), "discard", ["order_id"])
    op.execute(NAME)
    op.execute(ASK)
