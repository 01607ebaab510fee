"""Opens what a command needs: settings, ledger, keys, the person's name. Used by every module of connector/cli.

A command in another terminal than `connector up` finds its embedded servers and key file in the same CONNECTOR_HOME.
"""

from __future__ import annotations

import getpass
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Engine

from connector.cli.running import DEFAULT_HOME, addresses_of_running
from connector.errors import ConfigurationError, PermanentError
from connector.ledger.schema import connect, require_schema
from connector.ledger.session import transaction
from connector.ledger.stores import StoreRow, find_store, list_stores
from connector.settings import Settings, read_settings
from connector.settings import environment as process_environment
from connector.vault.cipher import Cipher


def open_settings() -> Settings:
    """Reads the settings; what is not set comes from the installation that runs in CONNECTOR_HOME.

    Raises:
        ConfigurationError: A setting is missing or wrong.
    """
    environment = process_environment()
    running = addresses_of_running(environment)
    try:
        return read_settings(running)
    except ConfigurationError as error:
        if "DATABASE_URL: it is not set" not in error.message:
            raise
        home = Path(environment.get("CONNECTOR_HOME") or DEFAULT_HOME).absolute()
        raise ConfigurationError(
            f"{error.message}; and no `connector up` runs in {home}.",
            resolution="Set DATABASE_URL and REDIS_URL (config/env.example explains all settings), or start the "
            "embedded servers with `connector up` in the same folder and keep it running.",
        ) from None


@contextmanager
def open_engine(settings: Settings) -> Iterator[Engine]:
    """Yields the ledger, after making sure that its tables are there.

    Raises:
        ConfigurationError: It was not migrated.
        LedgerUnavailableError: It cannot be reached.
    """
    engine = connect(settings.database_url)
    try:
        require_schema(engine)
        yield engine
    finally:
        engine.dispose()


@contextmanager
def open_ledger_only() -> Iterator[Engine]:
    """Yields the ledger for commands that need nothing else."""
    with open_engine(open_settings()) as engine:
        yield engine


def open_cipher(settings: Settings) -> Cipher:
    """Makes the cipher of this deployment.

    Raises:
        ConfigurationError: A key is missing or malformed.
    """
    return Cipher.from_keys(settings.secret_keys)


def require_store(engine: Engine, name: str) -> StoreRow:
    """Returns a store.

    Raises:
        PermanentError: There is none of this name; lists those there are.
    """
    with transaction(engine) as connection:
        found = find_store(connection, name)
        others = [] if found else [row.name for row in list_stores(connection)]
    if found is None:
        known = f"Known stores: {', '.join(others)}." if others else "There is no store yet: `connector store add`."
        raise PermanentError(f"There is no store {name!r}.", resolution=known)
    return found


def require_if_named(engine: Engine, name: str | None) -> None:
    """Makes sure that the store a listing is limited to is there, for nothing of an unknown one looks like all is well.

    Raises:
        PermanentError: There is none of this name.
    """
    if name is not None:
        require_store(engine, name)


def the_store(engine: Engine, name: str | None) -> StoreRow:
    """Returns the named store, or the only one there is.

    Raises:
        PermanentError: No store of this name, no store at all, or several and none named.
    """
    if name is not None:
        return require_store(engine, name)
    with transaction(engine) as connection:
        rows = list_stores(connection)
    if len(rows) == 1:
        return rows[0]
    raise PermanentError(
        "There is no store yet." if not rows else "There are several stores and none was named.",
        resolution="Add one with `connector store add`."
        if not rows
        else f"Add --store with one of: {', '.join(row.name for row in rows)}.",
    )


def person() -> str:
    """Returns who gives the command, for the audit trail."""
    try:
        return f"{getpass.getuser()} (command line)"
    except (KeyError, OSError):  # a container may run under a number that has no name
        return "command line"
