"""Know since when an exchange is blocked, whatever its runs meet meanwhile."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"


def upgrade() -> None:
    """Adds a column; what is blocked now keeps the time it has spent so."""
    op.add_column("exchange", sa.Column("blocked_since", sa.DateTime(timezone=True), nullable=True))
    op.execute(
        "UPDATE exchange SET blocked_since = waiting_since, waiting_since = NULL"
        " WHERE reason_code = 'missing_dependency' AND state IN ('ready', 'running', 'waiting', 'blocked', 'dead_letter')"
    )
