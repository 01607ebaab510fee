"""Make the ledger."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None

CLOCK = """
CREATE FUNCTION ledger_now() RETURNS timestamptz LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    RETURN clock_timestamp() + make_interval(secs => coalesce((SELECT seconds FROM clock_offset), 0));
END
$$
"""


def upgrade() -> None:
    """Creates the clock and all tables of the first release."""
    op.create_table(
        "clock_offset",
        sa.Column("id", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("seconds", sa.Float(), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_clock_offset_one_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clock_offset")),
    )
    op.execute(CLOCK)
    op.create_table(
        "slot",
        sa.Column("job", sa.String(), nullable=False),
        sa.Column("slot", sa.DateTime(timezone=True), nullable=False),
        sa.Column("worker", sa.String(), nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("job", "slot", name=op.f("pk_slot")),
    )
    op.create_table(
        "store",
        sa.Column("name", sa.String(length=8), nullable=False),
        sa.Column("shop_url", sa.String(), nullable=False),
        sa.Column("config", sa.String(), nullable=False),
        sa.Column("config_source", sa.String(), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("paused_by", sa.String(), nullable=True),
        sa.Column("paused_reason", sa.String(), nullable=True),
        sa.Column("told_reason", sa.String(), nullable=True),
        sa.Column("probe_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("ledger_now()"), nullable=False),
        sa.CheckConstraint("name ~ '^[a-z0-9]{1,8}$'", name=op.f("ck_store_name")),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_store")),
    )
    op.create_table(
        "token",
        sa.Column("client", sa.String(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("renewing_until", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("client", name=op.f("pk_token")),
    )
    op.create_table(
        "credential",
        sa.Column("store", sa.String(length=8), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), server_default=sa.text("ledger_now()"), nullable=False),
        sa.ForeignKeyConstraint(["store"], ["store.name"], name=op.f("fk_credential_store")),
        sa.PrimaryKeyConstraint("store", "name", name=op.f("pk_credential")),
    )
    op.create_table(
        "cursor",
        sa.Column("store", sa.String(length=8), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("value", sa.String(), nullable=False),
        sa.Column("moved_at", sa.DateTime(timezone=True), server_default=sa.text("ledger_now()"), nullable=False),
        sa.ForeignKeyConstraint(["store"], ["store.name"], name=op.f("fk_cursor_store")),
        sa.PrimaryKeyConstraint("store", "name", name=op.f("pk_cursor")),
    )
    op.create_table(
        "exchange",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("store", sa.String(length=8), nullable=False),
        sa.Column("scope", sa.String(), nullable=False),
        sa.Column("flow", sa.String(), nullable=False),
        sa.Column("business_key", sa.String(), nullable=False),
        sa.Column("pool", sa.String(), nullable=False),
        sa.Column("state", sa.String(), server_default=sa.text("'ready'"), nullable=False),
        sa.Column("wanted_rev", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("done_rev", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("doubt_rev", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("due_delivery_id", sa.BigInteger(), nullable=True),
        sa.Column("newest_delivery_id", sa.BigInteger(), nullable=True),
        sa.Column("newest_hash", sa.String(), nullable=True),
        sa.Column("newest_modified_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("fingerprint", sa.String(), nullable=True),
        sa.Column("claim_no", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("tries", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("crashes", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("worker", sa.String(), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "next_attempt_at", sa.DateTime(timezone=True), server_default=sa.text("ledger_now()"), nullable=False
        ),
        sa.Column("not_before", sa.DateTime(timezone=True), nullable=True),
        sa.Column("recheck_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("waiting_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("blocked_kind", sa.String(), nullable=True),
        sa.Column("blocked_key", sa.String(), nullable=True),
        sa.Column("reason_code", sa.String(), server_default=sa.text("''"), nullable=False),
        sa.Column("reason", sa.String(), server_default=sa.text("''"), nullable=False),
        sa.Column("resolution", sa.String(), server_default=sa.text("''"), nullable=False),
        sa.Column("rebuild", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sends", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("alerted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("first_seen_at", sa.DateTime(timezone=True), server_default=sa.text("ledger_now()"), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(state = 'blocked') = (blocked_kind IS NOT NULL)", name=op.f("ck_exchange_blocked_on_something")
        ),
        sa.CheckConstraint(
            "(state = 'running') = (lease_until IS NOT NULL)", name=op.f("ck_exchange_running_has_lease")
        ),
        sa.CheckConstraint("state <> 'dead_letter' OR reason <> ''", name=op.f("ck_exchange_dead_letter_has_reason")),
        sa.CheckConstraint(
            "state IN ('ready', 'running', 'waiting', 'blocked', 'dead_letter', 'done')", name=op.f("ck_exchange_state")
        ),
        sa.ForeignKeyConstraint(["store"], ["store.name"], name=op.f("fk_exchange_store")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exchange")),
        sa.UniqueConstraint("scope", "flow", "business_key", name="uq_exchange_scope_flow_key"),
    )
    op.create_index(
        "ix_exchange_blocked",
        "exchange",
        ["blocked_kind", "blocked_key"],
        unique=False,
        postgresql_where=sa.text("state = 'blocked'"),
    )
    op.create_index(
        "ix_exchange_due",
        "exchange",
        ["pool", "next_attempt_at"],
        unique=False,
        postgresql_where=sa.text("state IN ('ready','waiting','blocked')"),
    )
    op.create_index("ix_exchange_listing", "exchange", ["store", "state", "id"], unique=False)
    op.create_index(
        "ix_exchange_running", "exchange", ["id"], unique=False, postgresql_where=sa.text("state = 'running'")
    )
    op.create_table(
        "item",
        sa.Column("store", sa.String(length=8), nullable=False),
        sa.Column("sku", sa.String(), nullable=False),
        sa.Column("item_number", sa.String(length=15), nullable=False),
        sa.Column("mapped_by_hand", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("facts", postgresql.JSONB(), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), server_default=sa.text("ledger_now()"), nullable=False),
        sa.ForeignKeyConstraint(["store"], ["store.name"], name=op.f("fk_item_store")),
        sa.PrimaryKeyConstraint("store", "sku", name=op.f("pk_item")),
    )
    op.create_table(
        "attempt",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("exchange_id", sa.BigInteger(), nullable=False),
        sa.Column("claim_no", sa.BigInteger(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("worker", sa.String(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), server_default=sa.text("ledger_now()"), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.String(), nullable=True),
        sa.Column("code", sa.String(), nullable=True),
        sa.Column("message", sa.String(), nullable=True),
        sa.Column("detail", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["exchange_id"], ["exchange.id"], name=op.f("fk_attempt_exchange_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attempt")),
        sa.UniqueConstraint("exchange_id", "claim_no", name="uq_attempt_exchange_claim"),
    )
    op.create_table(
        "audit",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("ledger_now()"), nullable=False),
        sa.Column("store", sa.String(), nullable=True),
        sa.Column("exchange_id", sa.BigInteger(), nullable=True),
        sa.Column("claim_no", sa.BigInteger(), nullable=True),
        sa.Column("who", sa.String(), nullable=False),
        sa.Column("system", sa.String(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("before", postgresql.JSONB(), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("after", postgresql.JSONB(), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("why", sa.String(), server_default=sa.text("''"), nullable=False),
        sa.ForeignKeyConstraint(["exchange_id"], ["exchange.id"], name=op.f("fk_audit_exchange_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit")),
    )
    op.create_index("ix_audit_exchange", "audit", ["exchange_id", "id"], unique=False)
    op.create_table(
        "binding",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("shop_scope", sa.String(), nullable=False),
        sa.Column("shop_key", sa.String(), nullable=False),
        sa.Column("m3_scope", sa.String(), nullable=False),
        sa.Column("m3_key", sa.String(), nullable=False),
        sa.Column("exchange_id", sa.BigInteger(), nullable=True),
        sa.Column("bound_at", sa.DateTime(timezone=True), server_default=sa.text("ledger_now()"), nullable=False),
        sa.ForeignKeyConstraint(["exchange_id"], ["exchange.id"], name=op.f("fk_binding_exchange_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_binding")),
        sa.UniqueConstraint("kind", "m3_scope", "m3_key", name="uq_binding_m3"),
        sa.UniqueConstraint("kind", "shop_scope", "shop_key", name="uq_binding_shop"),
    )
    op.create_table(
        "delivery",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("store", sa.String(length=8), nullable=False),
        sa.Column("exchange_id", sa.BigInteger(), nullable=True),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("topic", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("resource_id", sa.String(), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), server_default=sa.text("ledger_now()"), nullable=False),
        sa.Column("headers", postgresql.JSONB(), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.Column("body_size", sa.BigInteger(), nullable=False),
        sa.Column("body_sha256", sa.String(), nullable=False),
        sa.Column("content_hash", sa.String(), nullable=True),
        sa.Column("modified_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("is_full", sa.Boolean(), nullable=False),
        sa.Column("note", sa.String(), server_default=sa.text("''"), nullable=False),
        sa.ForeignKeyConstraint(["exchange_id"], ["exchange.id"], name=op.f("fk_delivery_exchange_id")),
        sa.ForeignKeyConstraint(["store"], ["store.name"], name=op.f("fk_delivery_store")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery")),
    )
    op.create_index("ix_delivery_exchange", "delivery", ["exchange_id", "id"], unique=False)
    op.create_index("ix_delivery_received", "delivery", ["received_at"], unique=False)
    op.create_table(
        "document",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("exchange_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("m3_scope", sa.String(), nullable=False),
        sa.Column("state", sa.String(), server_default=sa.text("'building'"), nullable=False),
        sa.Column("temporary_number", sa.String(), nullable=True),
        sa.Column("final_number", sa.String(), nullable=True),
        sa.Column("cuno", sa.String(), nullable=True),
        sa.Column("yref", sa.String(), nullable=True),
        sa.Column("cuor", sa.String(), nullable=True),
        sa.Column("ordt", sa.Date(), nullable=True),
        sa.Column("plan", postgresql.JSONB(), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("begun_at", sa.DateTime(timezone=True), server_default=sa.text("ledger_now()"), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state <> 'confirmed' OR final_number IS NOT NULL", name=op.f("ck_document_confirmed_has_number")
        ),
        sa.CheckConstraint(
            "state IN ('building', 'confirming', 'confirmed', 'abandoned')", name=op.f("ck_document_state")
        ),
        sa.ForeignKeyConstraint(["exchange_id"], ["exchange.id"], name=op.f("fk_document_exchange_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_document")),
    )
    op.create_index(op.f("ix_document_exchange_id"), "document", ["exchange_id"], unique=False)
    op.create_index(
        "uq_document_live", "document", ["exchange_id"], unique=True, postgresql_where=sa.text("state <> 'abandoned'")
    )
    op.create_index("uq_document_temporary", "document", ["m3_scope", "temporary_number"], unique=True)
    op.create_table(
        "order_line",
        sa.Column("exchange_id", sa.BigInteger(), nullable=False),
        sa.Column("cupo", sa.BigInteger(), nullable=False),
        sa.Column("line_key", sa.String(), nullable=False),
        sa.Column("shares", postgresql.JSONB(), server_default=sa.text("'[]'"), nullable=False),
        sa.CheckConstraint("cupo BETWEEN 1 AND 9999999", name=op.f("ck_order_line_cupo_fits_seven_digits")),
        sa.ForeignKeyConstraint(["exchange_id"], ["exchange.id"], name=op.f("fk_order_line_exchange_id")),
        sa.PrimaryKeyConstraint("exchange_id", "cupo", name=op.f("pk_order_line")),
        sa.UniqueConstraint("exchange_id", "line_key", name="uq_order_line_key"),
    )
    op.create_table(
        "step",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("document_id", sa.BigInteger(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("part", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("state", sa.String(), server_default=sa.text("'intended'"), nullable=False),
        sa.Column("claim_no", sa.BigInteger(), nullable=False),
        sa.Column("request_digest", sa.String(), nullable=False),
        sa.Column("result", postgresql.JSONB(), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("intended_at", sa.DateTime(timezone=True), server_default=sa.text("ledger_now()"), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("state IN ('intended', 'done', 'refused', 'unknown')", name=op.f("ck_step_state")),
        sa.ForeignKeyConstraint(["document_id"], ["document.id"], name=op.f("fk_step_document_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_step")),
        sa.UniqueConstraint("document_id", "revision", "name", "part", name="uq_step_document_revision_name_part"),
    )
