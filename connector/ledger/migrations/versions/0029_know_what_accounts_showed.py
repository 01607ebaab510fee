"""Keep which VAT number an account itself showed last: an empty field takes off nothing that was never in it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"


def upgrade() -> None:
    """Adds two columns; of accounts seen before, nobody knows any more what they showed (NULL)."""
    op.add_column("shop_account", sa.Column("vat_number", sa.String(length=32)))
    op.alter_column("shop_account", "vat_number", server_default=sa.text("''"))
    op.add_column(
        "shop_account", sa.Column("is_number_asked", sa.Boolean(), server_default=sa.text("false"), nullable=False)
    )
