"""Alembic's entry: runs migrations under an advisory lock, with short lock waits; called through ledger/migrate.py."""

from __future__ import annotations

from alembic import context
from sqlalchemy import create_engine, pool, text

from connector.ledger.metadata import METADATA

ADVISORY_LOCK = (
    7_203_151  # any constant of our own: two deployments starting at once run the migrations one after the other
)


def run() -> None:
    """Runs the asked-for migrations in one transaction."""
    engine = create_engine(context.config.attributes["database_url"], poolclass=pool.NullPool)
    with engine.begin() as connection:
        connection.execute(text("SET LOCAL lock_timeout = '10s'"))
        connection.execute(text("SET LOCAL statement_timeout = '5min'"))
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": ADVISORY_LOCK})
        context.configure(connection=connection, target_metadata=METADATA, compare_type=True)
        with context.begin_transaction():
            context.run_migrations()
    engine.dispose()


run()
