"""Look at the stock of items whose discarded orders 0028 closed: their figures changed, and nothing made them due."""

from __future__ import annotations

from alembic import op

revision = "0031"
down_revision = "0030"


def upgrade() -> None:
    """Makes the items due that orders of people's hands took."""
    op.execute(
        "WITH touched AS (SELECT DISTINCT coalesce("
        " (SELECT p.item_number FROM product p WHERE p.store = s.store AND p.product_id = l.product_id),"
        " (SELECT i.item_number FROM item i WHERE i.store = s.store AND i.sku = l.sku), l.sku) AS item_number"
        " FROM sale s JOIN discard k ON k.order_id = s.order_id JOIN exchange e ON e.id = k.exchange_id AND e.scope = s.store"
        " CROSS JOIN LATERAL jsonb_to_recordset(s.lines) AS l (product_id bigint, sku varchar, units numeric)"
        " WHERE NOT s.is_open AND e.flow IN ('orders_to_m3', 'issues_to_m3')"
        "   AND NOT EXISTS (SELECT FROM binding b WHERE b.kind IN ('order', 'issue') AND b.shop_scope = s.store"
        "                   AND b.shop_key = e.business_key))"
        " UPDATE offer o SET wanted_rev = o.wanted_rev + 1, marked_at = ledger_now(), retry_at = NULL, tries = 0,"
        "   due_at = CASE WHEN o.wanted_rev > o.done_rev THEN o.due_at ELSE ledger_now() END"
        " FROM touched t WHERE o.flow = 'stock_to_woo' AND o.item_number = t.item_number"
    )
