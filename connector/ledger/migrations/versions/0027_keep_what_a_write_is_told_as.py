"""Keep with each intended write what the audit trail says of it if nobody sees its answer."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0027"
down_revision = "0026"


def upgrade() -> None:
    """Adds a column; of what is on its way now nothing is kept, as before."""
    told = sa.Column("told", postgresql.JSONB(), server_default=sa.text("'[]'"), nullable=False)
    op.add_column("step", told)
