"""Keep which messages of M3 were taken, and the newest version of each of its documents."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Adds two tables."""
    op.create_table(
        "message",
        sa.Column("store", sa.String(length=8), nullable=False),
        sa.Column("message_id", sa.String(), nullable=False),
        sa.Column("body_sha256", sa.String(length=64), nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True), server_default=sa.text("ledger_now()"), nullable=False),
        sa.ForeignKeyConstraint(["store"], ["store.name"], name=op.f("fk_message_store")),
        sa.PrimaryKeyConstraint("store", "message_id", "body_sha256", name=op.f("pk_message")),
    )
    op.create_table(
        "watermark",
        sa.Column("store", sa.String(length=8), nullable=False),
        sa.Column("tenant", sa.String(), nullable=False),
        sa.Column("noun", sa.String(), nullable=False),
        sa.Column("accounting_entity", sa.String(), nullable=False),
        sa.Column("location", sa.String(), nullable=False),
        sa.Column("document_id", sa.String(), nullable=False),
        sa.Column("variation_id", sa.BigInteger(), nullable=False),
        sa.Column("is_deleted", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), server_default=sa.text("ledger_now()"), nullable=False),
        sa.ForeignKeyConstraint(["store"], ["store.name"], name=op.f("fk_watermark_store")),
        sa.PrimaryKeyConstraint(
            "store", "tenant", "noun", "accounting_entity", "location", "document_id", name=op.f("pk_watermark")
        ),
    )
