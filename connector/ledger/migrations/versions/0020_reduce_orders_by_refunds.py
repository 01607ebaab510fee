"""Keep what refunds take off orders that M3 has not picked yet."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    """Adds a table."""
    op.create_table(
        "order_reduction",
        sa.Column("store", sa.String(), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("refund_id", sa.BigInteger(), nullable=False),
        sa.Column("exchange_id", sa.BigInteger(), nullable=False),
        sa.Column("content", postgresql.JSONB(), nullable=False),
        sa.Column("noted_at", sa.DateTime(timezone=True), server_default=sa.text("ledger_now()"), nullable=False),
        sa.ForeignKeyConstraint(["store"], ["store.name"], name=op.f("fk_order_reduction_store")),
        sa.ForeignKeyConstraint(
            ["exchange_id"], ["exchange.id"], name=op.f("fk_order_reduction_exchange_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("store", "order_id", "refund_id", name=op.f("pk_order_reduction")),
    )
