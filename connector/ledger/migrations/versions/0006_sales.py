"""Keep what orders of the shop took from its stock, and how much of it M3 does not know yet."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Adds two tables."""
    op.create_table(
        "sale",
        sa.Column("store", sa.String(length=8), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("delivery_id", sa.BigInteger(), nullable=False),
        sa.Column("holds", sa.Boolean(), nullable=False),
        sa.Column("is_open", sa.Boolean(), nullable=False),
        sa.Column("lines", postgresql.JSONB(), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), server_default=sa.text("ledger_now()"), nullable=False),
        sa.ForeignKeyConstraint(["store"], ["store.name"], name=op.f("fk_sale_store")),
        sa.PrimaryKeyConstraint("store", "order_id", name=op.f("pk_sale")),
    )
    op.create_index("ix_sale_open", "sale", ["store", "order_id"], postgresql_where=sa.text("is_open"))
    op.create_table(
        "sold",
        sa.Column("store", sa.String(length=8), nullable=False),
        sa.Column("product_id", sa.BigInteger(), nullable=False),
        sa.Column("units", sa.Numeric(), nullable=False),
        sa.ForeignKeyConstraint(["store"], ["store.name"], name=op.f("fk_sold_store")),
        sa.PrimaryKeyConstraint("store", "product_id", name=op.f("pk_sold")),
    )
