"""Ask less of orders that stand still: when they last moved, and when M3 was last asked."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    """Adds two columns; an order posted before has not moved since then, as far as is known."""
    for name in ("moved_at", "asked_at"):
        op.add_column("order_progress", sa.Column(name, sa.DateTime(timezone=True), nullable=True))
