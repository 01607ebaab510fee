"""Tells whether the ledger's schema is the one this release needs; called by the command line before it reads anything.

It knows no Alembic: the migrations are numbered files, and the newest number is the wanted one.
"""

from __future__ import annotations

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import ArgumentError, NoSuchModuleError

from connector.errors import ConfigurationError
from connector.ledger.migrate import MIGRATIONS
from connector.ledger.session import open_ledger, transaction

_SERVER_VERSION = text("SHOW server_version")
_HAS_VERSION = text("SELECT to_regclass('alembic_version') IS NOT NULL")
_VERSION = text("SELECT version_num FROM alembic_version")


def server_version(connection: Connection) -> str:
    """Returns the version of the PostgreSQL server, such as 18.1."""
    return str(connection.execute(_SERVER_VERSION).scalar_one()).split()[0]


def newest_revision() -> str:
    """Returns the number of the newest migration of this release."""
    return max(path.name.split("_", 1)[0] for path in (MIGRATIONS / "versions").glob("[0-9]*_*.py"))


def current_revision(connection: Connection) -> str | None:
    """Returns the migration the database is at, or None if it was never migrated."""
    if not connection.execute(_HAS_VERSION).scalar_one():
        return None
    return connection.execute(_VERSION).scalar_one_or_none()


def connect(database_url: str) -> Engine:
    """Makes the engine of a command.

    Raises:
        ConfigurationError: DATABASE_URL is no URL of a PostgreSQL database. The URL is not shown: it holds a password.
    """
    try:
        return open_ledger(database_url, pool_size=1)
    except (ArgumentError, NoSuchModuleError, ValueError):
        raise ConfigurationError(
            "DATABASE_URL is not the URL of a PostgreSQL database.",
            resolution="Write it as postgresql://USER:PASSWORD@HOST:PORT/DATABASE.",
        ) from None


def require_schema(engine: Engine) -> None:
    """Makes sure that the tables are those of this release.

    Raises:
        ConfigurationError: Migrations are missing, or the database is of a newer release.
        LedgerUnavailableError: The database cannot be reached.
    """
    with transaction(engine) as connection:
        found = current_revision(connection)
    wanted = newest_revision()
    if found is None:
        raise ConfigurationError("The database has no ledger yet.", resolution="Run `connector migrate` once.")
    if found < wanted:
        raise ConfigurationError(
            f"The ledger is at migration {found}, this release needs {wanted}.", resolution="Run `connector migrate`."
        )
    if found > wanted:
        raise ConfigurationError(
            f"The ledger is at migration {found}, newer than this release ({wanted}).",
            resolution="Use the release that made it, or a later one; a ledger is never taken back.",
        )
