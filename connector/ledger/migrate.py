"""Brings the ledger's schema up to date; called by `connector up`, the Procfile's release step and the tests."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config

MIGRATIONS = Path(__file__).with_name("migrations")


def upgrade(database_url: str, *, revision: str = "head") -> None:
    """Runs the missing migrations, one process at a time (advisory lock); a second call does nothing.

    Args:
        database_url: SQLAlchemy URL of the ledger.
        revision: Alembic revision to go to.
    """
    command.upgrade(_config(database_url), revision)


def _config(database_url: str) -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["database_url"] = database_url
    return config
