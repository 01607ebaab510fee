"""Keep with each intended write what the audit trail says of it if nobody sees its answer."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0027"
down_revision = "0026"


NOT_TOLD = """
UPDATE step s SET result = s.result || '{"by": "a former version, which told nothing of it"}'
FROM document d
WHERE d.id = s.document_id AND s.state = 'done' AND NOT s.result ? 'by'
  AND NOT EXISTS (SELECT FROM audit a WHERE a.exchange_id = d.exchange_id)
"""
"""What a killed worker had written was not told: the sealed trail cannot be mended, and nobody removed a line of it."""


def upgrade() -> None:
    """Adds a column; of what is on its way now nothing is kept, as before."""
    op.execute(NOT_TOLD)
    told = sa.Column("told", postgresql.JSONB(), server_default=sa.text("'[]'"), nullable=False)
    op.add_column("step", told)
