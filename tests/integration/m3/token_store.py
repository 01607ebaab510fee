"""A token store in memory and a cipher, for tests that need no database."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from cryptography.fernet import Fernet

START = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Sealing:
    """Seals with one key."""

    fernet: Fernet

    def seal(self, plain: bytes) -> bytes:
        return self.fernet.encrypt(plain)

    def open(self, sealed: bytes) -> bytes:
        return self.fernet.decrypt(sealed)


@dataclass(frozen=True)
class Kept:
    sealed: bytes
    expires_at: datetime
    version: int
    now: datetime


@dataclass
class HandClock:
    """A clock that goes only when told, or when somebody waits."""

    seconds: float = 0.0

    def monotonic(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds


@dataclass
class MemoryTokens:
    """The rows of the token table; `renewing_until` says by when somebody has renewed a token, or lost the right."""

    clock: HandClock = field(default_factory=HandClock)
    rows: dict[str, Kept] = field(default_factory=dict)
    renewing_until: dict[str, datetime] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def now(self) -> datetime:
        return START + timedelta(seconds=self.clock.monotonic())

    def load(self, key: str) -> Kept | None:
        row = self.rows.get(key)
        return None if row is None else Kept(row.sealed, row.expires_at, row.version, self.now)

    def begin_renewal(self, key: str, *, version: int) -> bool:
        with self.lock:
            row = self.rows.get(key)
            if (row.version if row else 0) != version or self.renewing_until.get(key, self.now) > self.now:
                return False
            self.renewing_until[key] = self.now + timedelta(seconds=30)
            return True

    def save(self, key: str, *, sealed: bytes, expires_in_s: int) -> None:
        with self.lock:
            row = self.rows.get(key)
            version = (row.version if row else 0) + 1
            self.rows[key] = Kept(sealed, self.now + timedelta(seconds=expires_in_s), version, self.now)
            self.renewing_until.pop(key, None)
