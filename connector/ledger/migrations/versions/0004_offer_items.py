"""Keep what is to be carried to the shop per item, and which product an item is."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Adds two tables."""
    now = sa.text("ledger_now()")
    op.create_table(
        "offer",
        sa.Column("store", sa.String(length=8), nullable=False),
        sa.Column("flow", sa.String(), nullable=False),
        sa.Column("item_number", sa.String(), nullable=False),
        sa.Column("wanted_rev", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("done_rev", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), server_default=now, nullable=False),
        sa.Column("marked_at", sa.DateTime(timezone=True), server_default=now, nullable=False),
        sa.Column("retry_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("tries", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("source", postgresql.JSONB(), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("source_hash", sa.String(), nullable=True),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("written", postgresql.JSONB(), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("problem_code", sa.String(), nullable=True),
        sa.Column("problem", sa.String(), nullable=True),
        sa.Column("remedy", sa.String(), nullable=True),
        sa.Column("problem_since", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("problem_code IS NULL OR problem <> ''", name=op.f("ck_offer_problem_has_words")),
        sa.ForeignKeyConstraint(["store"], ["store.name"], name=op.f("fk_offer_store")),
        sa.PrimaryKeyConstraint("store", "flow", "item_number", name=op.f("pk_offer")),
    )
    due = sa.text("wanted_rev > done_rev")
    op.create_index("ix_offer_due", "offer", ["store", "flow", "due_at", "item_number"], postgresql_where=due)
    problem = sa.text("problem_code IS NOT NULL")
    op.create_index("ix_offer_problem", "offer", ["store", "flow", "item_number"], postgresql_where=problem)
    op.create_table(
        "product",
        sa.Column("store", sa.String(length=8), nullable=False),
        sa.Column("item_number", sa.String(), nullable=False),
        sa.Column("sku", sa.String(), nullable=False),
        sa.Column("product_id", sa.BigInteger(), nullable=False),
        sa.Column("parent_id", sa.BigInteger(), nullable=True),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("bound_at", sa.DateTime(timezone=True), server_default=now, nullable=False),
        sa.CheckConstraint("kind IN ('simple', 'variable', 'variation')", name=op.f("ck_product_kind")),
        sa.CheckConstraint(
            "(kind = 'variation') = (parent_id IS NOT NULL)", name=op.f("ck_product_variation_has_parent")
        ),
        sa.ForeignKeyConstraint(["store"], ["store.name"], name=op.f("fk_product_store")),
        sa.PrimaryKeyConstraint("store", "item_number", name=op.f("pk_product")),
        sa.UniqueConstraint("store", "product_id", name="uq_product_shop"),
    )
    op.create_index("ix_product_sku", "product", ["store", sa.text("lower(sku)")])
    op.create_index("ix_product_parent", "product", ["store", "parent_id"])
