"""Know whose exchanges are whose, what accounts log in with, and which customer a person said an account is not."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from decimal import Decimal

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"

PAGE = 500
_BODIES = sa.text("""
SELECT e.id, d.body FROM exchange e JOIN delivery d ON d.id = e.newest_delivery_id
WHERE e.flow IN ('orders_to_m3', 'customers_to_m3') AND d.body IS NOT NULL AND e.id > :after ORDER BY e.id LIMIT :page
""")
_NAME = sa.text("INSERT INTO named_person (email, exchange_id) VALUES (:email, :exchange_id) ON CONFLICT DO NOTHING")


def upgrade() -> None:
    """Adds three tables, and names the people of what was carried before, as far as its newest body is kept."""
    op.create_table(
        "named_person",
        sa.Column("email", sa.String(length=32), nullable=False),
        sa.Column("exchange_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["exchange_id"], ["exchange.id"], name=op.f("fk_named_person_exchange_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("email", "exchange_id", name=op.f("pk_named_person")),
    )
    op.create_index(op.f("ix_named_person_exchange_id"), "named_person", ["exchange_id"])
    op.create_table(
        "shop_account",
        sa.Column("store", sa.String(length=8), nullable=False),
        sa.Column("account", sa.BigInteger(), nullable=False),
        sa.Column("login", sa.String(length=32), server_default=sa.text("''"), nullable=False),
        sa.Column("erased_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("undecided", sa.String(length=10), nullable=True),
        sa.ForeignKeyConstraint(["store"], ["store.name"], name=op.f("fk_shop_account_store")),
        sa.PrimaryKeyConstraint("store", "account", name=op.f("pk_shop_account")),
    )
    op.create_index("ix_shop_account_login", "shop_account", ["store", "login"])
    op.create_table(
        "unbound_account",
        sa.Column("store", sa.String(length=8), nullable=False),
        sa.Column("account", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.String(length=10), nullable=False),
        sa.Column("unbound_at", sa.DateTime(timezone=True), server_default=sa.text("ledger_now()"), nullable=False),
        sa.ForeignKeyConstraint(["store"], ["store.name"], name=op.f("fk_unbound_account_store")),
        sa.PrimaryKeyConstraint("store", "account", "number", name=op.f("pk_unbound_account")),
    )
    _name_people()


def _name_people() -> None:
    connection, after = op.get_bind(), 0
    while rows := connection.execute(_BODIES, {"after": after, "page": PAGE}).all():
        after = rows[-1].id
        named = [{"email": one, "exchange_id": row.id} for row in rows for one in _digests(bytes(row.body))]
        if named:
            connection.execute(_NAME, named)


def _digests(body: bytes) -> Iterator[str]:
    """Yields what flows/customers/keys.py made of the e-mail addresses of an order, a shopper or an account in this version."""
    try:
        told = json.loads(body, parse_float=Decimal)
    except ValueError:
        return
    billing = told.get("billing") if isinstance(told, dict) else None
    texts = [told.get("email"), billing.get("email")] if isinstance(billing, dict) else []
    for email in {one.strip().casefold() for one in texts if isinstance(one, str) and one.strip()}:
        yield hashlib.sha256(email.encode(errors="replace")).hexdigest()[:32]
