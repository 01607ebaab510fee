"""Opens the ledger: engines and short transactions. Called by the runtime and by every module of connector/ledger."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeAlias, TypeVar

import psycopg2
from sqlalchemy import Connection, Engine, create_engine
from sqlalchemy.exc import DBAPIError

from connector.errors import ConfigurationError, LedgerUnavailableError
from connector.ledger.patience import Patience

T = TypeVar("T")

Ledger: TypeAlias = Engine
"""The ledger as flows and entry points pass it on; only this package knows that it is an SQLAlchemy engine."""
OpenLedger: TypeAlias = Connection
"""An open transaction of the ledger, as they pass it on."""

FORBIDDEN = "42501"
READ_ONLY = "25006"  # after a failover the pool may reach a server that only reads
STATEMENT_TIMEOUT_MS = 15_000
IDLE_TIMEOUT_MS = 10_000
"""A transaction idle for so long belongs to a process that froze; whoever waits for its rows gets them before giving up."""
CONNECT_TIMEOUT_S = 5


def open_ledger(
    database_url: str, *, pool_size: int = 3, autocommit: bool = False, patience_s: float | None = None
) -> Engine:
    """Makes the engine of one process; call it after forking, never before.

    Args:
        database_url: SQLAlchemy URL of a PostgreSQL database.
        pool_size: Connections kept open by this process; as many again for a moment.
        autocommit: Each statement is a transaction of its own: one round trip in place of three. For
            callers whose transactions have one statement only (the receiver's intake). As an option of a connection it
            would cost a round trip again: SQLAlchemy sets the level back each time it is returned.
        patience_s: How long a transaction may take before a silent database counts as away; for callers whose
            transactions are short and who must answer somebody. None waits.
    """
    engine = create_engine(
        database_url,
        pool_size=pool_size,
        max_overflow=pool_size,
        hide_parameters=True,  # values are people's data; an error text must not hold them
        pool_pre_ping=False,  # a dead connection fails the transaction, which is safe to see; a ping costs each one
        pool_recycle=1800,
        isolation_level="AUTOCOMMIT" if autocommit else "READ COMMITTED",
        connect_args={
            "connect_timeout": CONNECT_TIMEOUT_S,
            "options": f"-c statement_timeout={STATEMENT_TIMEOUT_MS} -c timezone=UTC"
            f" -c idle_in_transaction_session_timeout={IDLE_TIMEOUT_MS}",
            "application_name": "connector",
        },
    )
    if patience_s is not None:
        Patience(patience_s).watch(engine)
    return engine


@contextmanager
def transaction(engine: Engine) -> Iterator[Connection]:
    """Opens one short transaction; commits at the end, rolls back on any error. Never held over a remote call.

    Raises:
        LedgerUnavailableError: The database is down or dropped the connection; a commit may have taken place.
        ConfigurationError: The user of DATABASE_URL has no right to what was asked.
    """
    try:
        with engine.begin() as connection:
            yield connection
    except DBAPIError as error:
        raise_if_unavailable(error)
        _raise_if_forbidden(error)
        raise


def tried_twice(engine: Engine, work: Callable[[Connection], T]) -> T:
    """Runs `work` in a short transaction, and once more if the connection broke: the pool may hold one from before a restart.

    Only for what may be done twice, since the first commit may have taken place.

    Raises:
        LedgerUnavailableError: The database is down.
    """
    try:
        with transaction(engine) as connection:
            return work(connection)
    except LedgerUnavailableError:
        with transaction(engine) as connection:
            return work(connection)


def is_unavailable(error: BaseException) -> bool:
    """Tells whether an error means that the database is away or undid the transaction, not that a statement was wrong."""
    return isinstance(error, DBAPIError) and (error.connection_invalidated or _says_away(error.orig))


def raise_if_unavailable(error: DBAPIError | psycopg2.Error) -> None:
    """Raises LedgerUnavailableError if `error` means that the database is away, not that a statement was wrong."""
    if _says_away(error) if isinstance(error, psycopg2.Error) else is_unavailable(error):
        raise LedgerUnavailableError(
            "The ledger database cannot be reached, is shutting down, or does not let us in.",
            resolution="Check that PostgreSQL at DATABASE_URL is running, and that user, password and database of DATABASE_URL are "
            "right; work goes on by itself once it is back.",
        ) from error


def _raise_if_forbidden(error: DBAPIError) -> None:
    if getattr(error.orig, "pgcode", None) == FORBIDDEN:
        raise ConfigurationError(
            f"The ledger database refuses its user: {str(error.orig).strip().splitlines()[0]}.",
            resolution="Give the user of DATABASE_URL the rights of the tables' owner, or let the owner be that user.",
        ) from None


def _says_away(error: BaseException | None) -> bool:
    sqlstate = getattr(error, "pgcode", None) or ""
    is_broken = not sqlstate and isinstance(error, psycopg2.OperationalError | psycopg2.InterfaceError)
    return is_broken or sqlstate[:2] in ("08", "40", "53", "57") or sqlstate == READ_ONLY
