"""Keep until when a write for an item, whose answer was lost, may still arrive."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Adds a column."""
    op.add_column("offer", sa.Column("unsure_until", sa.DateTime(timezone=True), nullable=True))
