"""What the ledger knows of the right to write for a store in M3. Called by the order flow and the command line.

M3 has one row for each store that says which installation writes for it, with a stamp that changes at every look. A ledger
that finds another stamp than its own under its own name was put back to an older dump, or has a living copy.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, text

FRESH_FOR = timedelta(seconds=60)
"""M3 is not asked again for so long."""
USABLE_FOR = timedelta(seconds=120)
"""Nobody begins a write so long after M3 was last seen to say that we may; another installation waits this out."""
CLOCKS_DIFFER = timedelta(seconds=60)
"""How far the shop's clock may be from the ledger's."""
LOOK_S, FOREIGN_S = 10, 60


@dataclass(frozen=True)
class Tenure:
    """A store's row, at the time of reading (`now`)."""

    installation: str
    stamp: str | None
    next_stamp: str | None
    held_at: datetime | None
    looking_until: datetime | None
    contested_at: datetime | None
    known_since: datetime | None
    takes_over: bool
    now: datetime

    @property
    def is_fresh(self) -> bool:
        """Tells whether M3 need not be asked."""
        return self._is_held_for(FRESH_FOR)

    @property
    def is_usable(self) -> bool:
        """Tells whether a write may begin although M3 should be asked."""
        return self._is_held_for(USABLE_FOR)

    @property
    def is_contest_open(self) -> bool:
        """Tells whether our stamp may not have been written over another one's yet."""
        return self.contested_at is not None and self.stamp is None

    @property
    def next_look_in_s(self) -> float:
        """How long another worker's look keeps us from one, in seconds."""
        return max(1.0, (self.looking_until - self.now).total_seconds()) if self.looking_until else 1.0

    @property
    def own_holders(self) -> set[str]:
        """What M3's row may say if nobody but us wrote it."""
        return {self.holder(stamp) for stamp in (self.stamp, self.next_stamp) if stamp is not None}

    def holder(self, stamp: str) -> str:
        """Returns what the row says with one of our stamps."""
        return f"{self.installation}.{stamp}"

    def may_be_forgotten(self, created_at: datetime) -> bool:
        """Tells whether M3 may hold an order of that time of which this ledger knows nothing."""
        return self.known_since is not None and created_at < self.known_since + CLOCKS_DIFFER

    def _is_held_for(self, time: timedelta) -> bool:
        return self.held_at is not None and self.contested_at is None and self.now - self.held_at <= time


_READ = text("""
SELECT installation, stamp, next_stamp, held_at, looking_until, contested_at, known_since, takes_over, ledger_now() AS now
FROM tenure WHERE store = :store
""")
_ADD = text("INSERT INTO tenure (store, installation) VALUES (:store, :installation) ON CONFLICT DO NOTHING")
_BEGIN = text("""
UPDATE tenure SET next_stamp = coalesce(next_stamp, :stamp), looking_until = ledger_now() + make_interval(secs => :look_s)
WHERE store = :store AND coalesce(looking_until < ledger_now(), true) RETURNING true
""")
_HELD = text("""
UPDATE tenure SET stamp = :stamp, next_stamp = NULL, held_at = ledger_now(), looking_until = NULL, contested_at = NULL,
    takes_over = false,
    known_since = CASE WHEN contested_at IS NOT NULL THEN ledger_now()
        WHEN ledger_now() - held_at > make_interval(secs => :usable_s)
        THEN greatest(known_since, held_at + make_interval(secs => :usable_s)) ELSE known_since END
WHERE store = :store
""")
_OPEN_CONTEST = text("UPDATE tenure SET stamp = NULL, contested_at = ledger_now() WHERE store = :store")
_CONTESTED = text("""
UPDATE tenure SET stamp = :stamp, next_stamp = NULL, looking_until = NULL, contested_at = ledger_now() WHERE store = :store
""")
_FOREIGN = text("""
UPDATE tenure SET stamp = NULL, next_stamp = NULL, held_at = NULL, contested_at = NULL,
    installation = CASE WHEN :is_lost THEN :installation ELSE installation END,
    looking_until = ledger_now() + make_interval(secs => :foreign_s)
WHERE store = :store
""")
_TAKE_OVER = text("UPDATE tenure SET takes_over = true, looking_until = NULL WHERE store = :store")
_WAKE = text("""
UPDATE exchange SET state = 'ready', not_before = NULL, next_attempt_at = ledger_now(), sent_at = NULL
WHERE store = :store AND state IN ('waiting', 'dead_letter') AND reason_code = 'not_tenant'
""")


def read_tenure(connection: Connection, store: str) -> Tenure:
    """Returns a store's row; the first time an installation is drawn for it."""
    row = connection.execute(_READ, {"store": store}).one_or_none()
    if row is None:
        connection.execute(_ADD, {"store": store, "installation": _draw()})
        row = connection.execute(_READ, {"store": store}).one()
    return Tenure(**row._mapping)


def begin_look(connection: Connection, store: str) -> bool:
    """Stages that this worker asks M3, with the stamp it may write; False if another one does, or did a moment ago."""
    values = {"store": store, "stamp": _draw(), "look_s": LOOK_S}
    return connection.execute(_BEGIN, values).one_or_none() is not None


def note_held(connection: Connection, store: str, *, stamp: str) -> None:
    """Stages that M3 said that we write for the store.

    After a look that came late, or after a wait whether somebody else is at work, older orders may be in M3 unknown to us.
    """
    connection.execute(_HELD, {"store": store, "stamp": stamp, "usable_s": USABLE_FOR.total_seconds()})


def open_contest(connection: Connection, store: str) -> None:
    """Stages that our stamp is about to be written over another one's."""
    connection.execute(_OPEN_CONTEST, {"store": store})


def note_contested(connection: Connection, store: str, *, stamp: str) -> None:
    """Stages that M3's row is ours now: whoever wrote it before gets time to show that it is at work."""
    connection.execute(_CONTESTED, {"store": store, "stamp": stamp})


def note_foreign(connection: Connection, store: str, *, is_lost: bool) -> None:
    """Stages that another installation writes for the store.

    Args:
        connection: The transaction.
        store: The store code.
        is_lost: A living copy of this ledger showed itself: from now on we are another installation than it.
    """
    values = {"store": store, "is_lost": is_lost, "installation": _draw(), "foreign_s": FOREIGN_S}
    connection.execute(_FOREIGN, values)


def take_over(connection: Connection, store: str) -> None:
    """Stages that the next look takes the store over from whatever installation M3 names; what waited for it is due."""
    read_tenure(connection, store)
    connection.execute(_TAKE_OVER, {"store": store})
    connection.execute(_WAKE, {"store": store})


def _draw() -> str:
    return secrets.token_hex(6)
