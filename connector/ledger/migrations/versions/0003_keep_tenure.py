"""Keep which installation writes for a store in M3."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Adds a table."""
    op.create_table(
        "tenure",
        sa.Column("store", sa.String(length=8), nullable=False),
        sa.Column("installation", sa.String(length=12), nullable=False),
        sa.Column("stamp", sa.String(length=12), nullable=True),
        sa.Column("next_stamp", sa.String(length=12), nullable=True),
        sa.Column("held_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("looking_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("contested_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("known_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("takes_over", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.ForeignKeyConstraint(["store"], ["store.name"], name=op.f("fk_tenure_store")),
        sa.PrimaryKeyConstraint("store", name=op.f("pk_tenure")),
    )
