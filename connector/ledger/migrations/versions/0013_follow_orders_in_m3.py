"""Keep how far posted orders are in M3, and what the shop's order was told of it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    """Adds a table. Orders posted long ago count as finished: nobody is told today of what was delivered then."""
    op.create_table(
        "order_progress",
        sa.Column("binding_id", sa.BigInteger(), nullable=False),
        sa.Column("seen", sa.String(), server_default=sa.text("''"), nullable=False),
        sa.Column("told", postgresql.JSONB(), server_default=sa.text("'[]'"), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["binding_id"], ["binding.id"], name=op.f("fk_order_progress_binding_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("binding_id", name=op.f("pk_order_progress")),
    )
    op.execute(
        "INSERT INTO order_progress (binding_id, finished_at) SELECT id, ledger_now() FROM binding"
        " WHERE kind = 'order' AND bound_at < ledger_now() - interval '30 days'"
    )
