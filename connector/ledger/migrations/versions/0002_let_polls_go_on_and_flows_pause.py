"""Keep the progress of polls, pauses of single flows, and runs that only clear up."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Adds two columns that may be empty, and a table."""
    op.add_column("cursor", sa.Column("progress", postgresql.JSONB(), nullable=True))
    op.add_column("exchange", sa.Column("tidy_rev", sa.BigInteger(), nullable=True))
    op.create_table(
        "flow_pause",
        sa.Column("store", sa.String(length=8), nullable=False),
        sa.Column("flow", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("resolution", sa.String(), nullable=False),
        sa.Column("missing_ids", postgresql.JSONB(), nullable=False),
        sa.Column("paused_at", sa.DateTime(timezone=True), server_default=sa.text("ledger_now()"), nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["store"], ["store.name"], name=op.f("fk_flow_pause_store")),
        sa.PrimaryKeyConstraint("store", "flow", name=op.f("pk_flow_pause")),
    )
