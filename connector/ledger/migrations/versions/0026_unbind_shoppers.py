"""A person may say that a shopper is not the customer of M3 it is bound to; who said so, and why, is kept with the pair."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"


def upgrade() -> None:
    """Adds a table, and two columns; of what was unbound before, the audit trail alone tells who and why."""
    for name in ("who", "why"):
        op.add_column("unbound_account", sa.Column(name, sa.String(), server_default=sa.text("''"), nullable=False))
    op.create_table(
        "unbound_shopper",
        sa.Column("m3_scope", sa.String(), nullable=False),
        sa.Column("shop_key", sa.String(), nullable=False),
        sa.Column("number", sa.String(length=10), nullable=False),
        sa.Column("unbound_at", sa.DateTime(timezone=True), server_default=sa.text("ledger_now()"), nullable=False),
        sa.Column("who", sa.String(), server_default=sa.text("''"), nullable=False),
        sa.Column("why", sa.String(), server_default=sa.text("''"), nullable=False),
        sa.PrimaryKeyConstraint("m3_scope", "shop_key", "number", name=op.f("pk_unbound_shopper")),
    )
