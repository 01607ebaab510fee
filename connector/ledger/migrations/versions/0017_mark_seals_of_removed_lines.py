"""Mark seals that stand for lines of the audit trail which were removed by age."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    """Adds a column, empty for all that is there."""
    op.add_column("audit_seal", sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True))
