"""Opens the runtime for commands that talk to shops and M3; used by store, check, webhooks and sync.

Apart from opening.py, because clients, mappings and the broker take time to load and most commands need none of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from connector.cli.opening import open_settings
from connector.ledger.schema import connect, require_schema
from connector.logs import configure_logs
from connector.runtime import Runtime
from connector.settings import Settings


@contextmanager
def open_runtime(settings: Settings | None = None) -> Iterator[Runtime]:
    """Yields the runtime, after making sure that the ledger's tables are there.

    Raises:
        ConfigurationError: A setting is wrong, or the ledger was not migrated.
        LedgerUnavailableError: The ledger cannot be reached.
    """
    configure_logs("WARNING")  # to stderr: what a command prints is its result
    chosen = settings or open_settings()
    connect(chosen.database_url).dispose()  # says in plain words if the URL is none
    runtime = Runtime(chosen)
    try:
        require_schema(runtime.engine)
        yield runtime
    finally:
        runtime.close()
