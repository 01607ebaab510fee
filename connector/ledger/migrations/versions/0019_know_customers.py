"""Keep which company a customer of M3 stands for, so that no two are taken for one."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    """Adds a table. Of customers made before, the first order that names a company tells which one they stand for."""
    op.create_table(
        "customer_identity",
        sa.Column("m3_scope", sa.String(), nullable=False),
        sa.Column("number", sa.String(length=10), nullable=False),
        sa.Column("company", sa.String(), server_default=sa.text("''"), nullable=False),
        sa.Column("vat_number", sa.String(), server_default=sa.text("''"), nullable=False),
        sa.Column("learnt_at", sa.DateTime(timezone=True), server_default=sa.text("ledger_now()"), nullable=False),
        sa.PrimaryKeyConstraint("m3_scope", "number", name=op.f("pk_customer_identity")),
    )
