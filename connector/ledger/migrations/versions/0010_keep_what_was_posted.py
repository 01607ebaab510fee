"""Keep what M3 holds of an order of the shop, so that what was added later stays in flight."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Adds two columns; an order posted before has neither until it is looked at again."""
    op.add_column("sale", sa.Column("posted", postgresql.JSONB(), nullable=True))
    op.add_column("sale", sa.Column("posted_at", sa.DateTime(timezone=True), nullable=True))
