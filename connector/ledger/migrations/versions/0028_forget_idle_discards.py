"""Keep discards of what stays out of M3 alone, and count no units of discarded orders as open."""

from __future__ import annotations

from alembic import op

revision = "0028"
down_revision = "0027"

FLOWS = (
    "'orders_to_m3', 'payments_to_m3', 'settlements_to_m3', 'invoices_to_m3', 'issues_to_m3',"
    " 'refunds_to_m3', 'credits_to_m3', 'repayments_to_m3'"
)


def upgrade() -> None:
    """Removes the discards of customers, products and messages, whose new content is tried again; closes sales by hand."""
    op.execute(f"DELETE FROM discard k USING exchange e WHERE e.id = k.exchange_id AND e.flow NOT IN ({FLOWS})")
    op.execute(
        "UPDATE sale s SET is_open = false FROM discard k JOIN exchange e ON e.id = k.exchange_id"
        " WHERE s.is_open AND e.scope = s.store AND e.flow IN ('orders_to_m3', 'issues_to_m3')"
        " AND e.business_key = CAST(s.order_id AS varchar) AND NOT EXISTS (SELECT FROM binding b"
        " WHERE b.kind IN ('order', 'issue') AND b.shop_scope = s.store AND b.shop_key = e.business_key)"
    )
