"""Keep the exchange rates that M3 states, by day."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Adds a table."""
    key = ("m3_scope", "division", "currency", "local_currency", "rate_type", "valid_from")
    op.create_table(
        "exchange_rate",
        sa.Column("m3_scope", sa.String(), nullable=False),
        sa.Column("division", sa.String(length=3), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("local_currency", sa.String(length=3), nullable=False),
        sa.Column("rate_type", sa.BigInteger(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("value", sa.Numeric(), nullable=False),
        sa.Column("method", sa.BigInteger(), nullable=False),
        sa.Column("factor", sa.BigInteger(), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), server_default=sa.text("ledger_now()"), nullable=False),
        sa.CheckConstraint("value > 0", name=op.f("ck_exchange_rate_is_positive")),
        sa.PrimaryKeyConstraint(*key, name=op.f("pk_exchange_rate")),
    )
