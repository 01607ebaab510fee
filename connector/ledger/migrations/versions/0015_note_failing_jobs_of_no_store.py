"""Let a job fail that is of no store: purge, sealing, and whatever goes wrong before a job comes to its stores."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    """Lets the store be empty; one that is named has to be there as before."""
    op.drop_constraint(op.f("fk_job_trouble_store"), "job_trouble", type_="foreignkey")
    op.add_column(
        "job_trouble",
        sa.Column("named_store", sa.String(length=8), sa.Computed("nullif(store, '')", persisted=True), nullable=True),
    )
    op.create_foreign_key(op.f("fk_job_trouble_named_store"), "job_trouble", "store", ["named_store"], ["name"])
