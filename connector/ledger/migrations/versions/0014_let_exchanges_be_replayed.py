"""Keep at which revision a person had an exchange carried once more."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    """Adds a column, empty for all that is there."""
    op.add_column("exchange", sa.Column("replay_rev", sa.BigInteger(), nullable=True))
