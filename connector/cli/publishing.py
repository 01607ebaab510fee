"""Tells whether a store publishes what a command is about; used by `sync` and `reconcile`."""

from __future__ import annotations

from connector.errors import PermanentError
from connector.flows.context import StoreContext
from connector.flows.pulls import PullEntry


def require_published(store: StoreContext, entry: PullEntry) -> None:
    """Makes sure that the store publishes it.

    Raises:
        PermanentError: It does not, so the two sides have nothing to do with each other.
    """
    if not entry.is_published(store):
        raise PermanentError(
            f"Store {store.name} does not publish {entry.part} from M3.",
            resolution=f"Add publish.{entry.part} to its file (config/stores/example.yaml shows it) and give it to "
            f"`connector store add {store.name} --config FILE`.",
        )
