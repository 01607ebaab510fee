"""The shared access tokens: one sealed row per M3 client, renewed by one worker at a time. Used by m3/token.py."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Engine, text

from connector.ledger.session import transaction


@dataclass(frozen=True)
class StoredToken:
    """A sealed token, when it ends, and the ledger's time at reading."""

    sealed: bytes
    expires_at: datetime
    version: int
    now: datetime


_LOAD = text("SELECT sealed, expires_at, version, ledger_now() AS now FROM token WHERE client = :client")
_BEGIN = text("""
INSERT INTO token AS t (client, renewing_until) VALUES (:client, ledger_now() + make_interval(secs => :claim_s))
ON CONFLICT (client) DO UPDATE SET renewing_until = excluded.renewing_until
WHERE t.version = :version AND coalesce(t.renewing_until < ledger_now(), true)
RETURNING client
""")
_SAVE = text("""
UPDATE token SET sealed = :sealed, expires_at = ledger_now() + make_interval(secs => :expires_in_s),
    version = version + 1, renewing_until = NULL
WHERE client = :client
""")

RENEWAL_CLAIM_S = 30


class LedgerTokenStore:
    """Keeps tokens in the ledger; satisfies the TokenStore protocol of connector/m3/token.py."""

    def __init__(self, engine: Engine) -> None:
        """Uses short transactions of its own, so that a renewal is seen by all workers at once."""
        self._engine = engine

    def load(self, key: str) -> StoredToken | None:
        """Returns the newest token of a client, or None."""
        with transaction(self._engine) as connection:
            row = connection.execute(_LOAD, {"client": key}).one_or_none()
        if row is None or row.sealed is None:
            return None
        return StoredToken(bytes(row.sealed), row.expires_at, row.version, row.now)

    def begin_renewal(self, key: str, *, version: int) -> bool:
        """Takes the right to renew `version` (0 = no token yet); False means that another worker has it."""
        with transaction(self._engine) as connection:
            values = {"client": key, "version": version, "claim_s": RENEWAL_CLAIM_S}
            return connection.execute(_BEGIN, values).one_or_none() is not None

    def save(self, key: str, *, sealed: bytes, expires_in_s: int) -> None:
        """Keeps a new token and ends the renewal."""
        with transaction(self._engine) as connection:
            connection.execute(_SAVE, {"client": key, "sealed": sealed, "expires_in_s": expires_in_s})


_ALL_SEALED = text("SELECT client, sealed FROM token WHERE sealed IS NOT NULL ORDER BY client FOR UPDATE")
_REPLACE_SEALED = text("UPDATE token SET sealed = :sealed WHERE client = :client")


def all_sealed(connection: Connection) -> dict[str, bytes]:
    """Returns every sealed token by client, locked until the transaction ends; for key rotation."""
    return {row.client: bytes(row.sealed) for row in connection.execute(_ALL_SEALED)}


def replace_sealed(connection: Connection, sealed: Mapping[str, bytes]) -> None:
    """Stages the same tokens sealed with another key."""
    for client, token in sealed.items():
        connection.execute(_REPLACE_SEALED, {"client": client, "sealed": token})
