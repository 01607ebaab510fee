"""Keep what the daily comparisons of the shop with M3's books found."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    """Adds a table."""
    op.create_table(
        "reconciliation",
        sa.Column("store", sa.String(length=8), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("compared_at", sa.DateTime(timezone=True), server_default=sa.text("ledger_now()"), nullable=False),
        sa.Column("facts", sa.BigInteger(), nullable=False),
        sa.Column("equal", sa.BigInteger(), nullable=False),
        sa.Column("unexplained", sa.BigInteger(), nullable=False),
        sa.Column("figures", postgresql.JSONB(), nullable=False),
        sa.Column("rows", postgresql.JSONB(), nullable=False),
        sa.CheckConstraint("unexplained <= facts", name=op.f("ck_reconciliation_unexplained_are_facts")),
        sa.ForeignKeyConstraint(["store"], ["store.name"], name=op.f("fk_reconciliation_store")),
        sa.PrimaryKeyConstraint("store", "day", name=op.f("pk_reconciliation")),
    )
