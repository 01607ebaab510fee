"""Keep what was discarded, so that it is not carried across when the shop says the same again."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0022"
down_revision = "0021"

KEEP = """
INSERT INTO discard (exchange_id, delivery_id, who, why, discarded_at)
SELECT e.id, e.newest_delivery_id, coalesce(a.who, 'a person'), coalesce(a.why, e.reason),
       coalesce(a.at, e.settled_at, ledger_now())
FROM exchange e LEFT JOIN LATERAL (  -- its line may have been removed by age
    SELECT who, why, at FROM audit WHERE exchange_id = e.id AND action = 'discard' ORDER BY id DESC LIMIT 1
) a ON true
WHERE e.state = 'done' AND e.reason_code = 'discarded'
"""


def upgrade() -> None:
    """Adds a table, with what is discarded now and was not opened again since."""
    op.create_table(
        "discard",
        sa.Column("exchange_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("delivery_id", sa.BigInteger(), nullable=True),
        sa.Column("who", sa.String(), nullable=False),
        sa.Column("why", sa.String(), nullable=False),
        sa.Column("entered_as", sa.String(), nullable=True),
        sa.Column("discarded_at", sa.DateTime(timezone=True), server_default=sa.text("ledger_now()"), nullable=False),
        sa.Column("accepted", postgresql.JSONB(), nullable=True),
        sa.Column("shown", postgresql.JSONB(), nullable=True),
        sa.ForeignKeyConstraint(
            ["exchange_id"], ["exchange.id"], name=op.f("fk_discard_exchange_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("exchange_id", name=op.f("pk_discard")),
    )
    op.create_index(op.f("ix_discard_delivery_id"), "discard", ["delivery_id"])
    op.create_index(op.f("ix_discard_entered_as"), "discard", ["entered_as"])
    op.execute(KEEP)
