"""How far a poll of orders has come: kept in the ledger after each page, so that a killed one goes on. Used by polling.py."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from connector.woocommerce.client import ANY, TRASH
from connector.woocommerce.paging import START, Page, Place

LISTINGS = (ANY, TRASH)
"""The shop leaves trashed orders out of `any`. One trashed in between comes in both; one taken out has changed anew."""


@dataclass(frozen=True)
class PollWalk:
    """One walk over all orders changed since a moment. `newest` is the latest change among the rows stored so far."""

    since: datetime
    started_at: datetime
    newest: datetime
    listing: int = 0  # which of LISTINGS is being read; its length once all are
    place: Place = START

    @property
    def is_finished(self) -> bool:
        """Whether every listing was read to its end."""
        return self.listing >= len(LISTINGS)

    @property
    def cursor(self) -> datetime:
        """Where the next walk begins: what changed behind a long walk's back is newer than its start."""
        return min(self.newest, self.started_at)

    def after(self, page: Page, *, newest: datetime) -> PollWalk:
        """Returns the walk once the rows of `page` are stored."""
        if page.is_last:
            return replace(self, newest=newest, listing=self.listing + 1, place=START)
        return replace(self, newest=newest, place=page.after)

    def to_json(self) -> dict[str, Any]:
        """Returns what is kept in the ledger."""
        return {
            "since": self.since.isoformat(),
            "started_at": self.started_at.isoformat(),
            "newest": self.newest.isoformat(),
            "listing": self.listing,
            "offset": self.place.offset,
            "last_id": self.place.last_id,
        }

    @classmethod
    def from_json(cls, kept: dict[str, Any]) -> PollWalk:
        """Reads what `to_json` made."""
        return cls(
            since=datetime.fromisoformat(kept["since"]),
            started_at=datetime.fromisoformat(kept["started_at"]),
            newest=datetime.fromisoformat(kept["newest"]),
            listing=kept["listing"],
            place=Place(kept["offset"], kept["last_id"]),
        )
