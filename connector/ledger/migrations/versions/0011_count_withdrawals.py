"""Keep which items were taken out of a shop within the last day."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Adds a table."""
    op.create_table(
        "withdrawal",
        sa.Column("store", sa.String(length=8), nullable=False),
        sa.Column("item_number", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("ledger_now()"), nullable=False),
        sa.ForeignKeyConstraint(["store"], ["store.name"], name=op.f("fk_withdrawal_store")),
        sa.PrimaryKeyConstraint("store", "item_number", name=op.f("pk_withdrawal")),
    )
