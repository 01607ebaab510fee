"""Keep which periodic jobs fail for which store, since when, and why."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Adds a table."""
    now = sa.text("ledger_now()")
    op.create_table(
        "job_trouble",
        sa.Column("store", sa.String(length=8), nullable=False),
        sa.Column("job", sa.String(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), server_default=now, nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), server_default=now, nullable=False),
        sa.Column("count", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("resolution", sa.String(), nullable=False),
        sa.Column("needs_person", sa.Boolean(), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("well_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("reason <> ''", name=op.f("ck_job_trouble_has_reason")),
        sa.ForeignKeyConstraint(["store"], ["store.name"], name=op.f("fk_job_trouble_store")),
        sa.PrimaryKeyConstraint("store", "job", name=op.f("pk_job_trouble")),
    )
