"""The stores and their sealed credentials. Called by the runtime and the command line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

from connector.ledger.job_troubles import try_again_now


@dataclass(frozen=True)
class StoreRow:
    """One store as the ledger holds it; `version` rises with every change of configuration or credentials."""

    name: str
    shop_url: str
    config: str
    config_source: str
    version: int
    paused_by: str | None
    paused_reason: str | None
    probe_at: datetime | None


_COLUMNS = "name, shop_url, config, config_source, version, paused_by, paused_reason, probe_at"
_ALL = text(f"SELECT {_COLUMNS} FROM store ORDER BY name")
_ONE = text(f"SELECT {_COLUMNS} FROM store WHERE name = :name")
_SAVE = text("""
INSERT INTO store AS s (name, shop_url, config, config_source) VALUES (:name, :shop_url, :config, :config_source)
ON CONFLICT (name) DO UPDATE SET shop_url = excluded.shop_url, config = excluded.config,
    config_source = excluded.config_source, version = s.version + 1
""")
_CREDENTIAL = text("""
INSERT INTO credential AS c (store, name, sealed) VALUES (:store, :name, :sealed)
ON CONFLICT (store, name) DO UPDATE SET sealed = excluded.sealed, changed_at = ledger_now()
""")
_CREDENTIALS = text("SELECT name, sealed FROM credential WHERE store = :store")
_PAUSE = text("""
UPDATE store SET paused_by = :by, paused_reason = :reason,
    probe_at = CASE WHEN :by = 'connector' THEN ledger_now() + make_interval(secs => :probe_s) END
WHERE name = :name AND (paused_by IS NULL OR :by = 'person' OR paused_by = 'connector')
""")
_RESUME = text("UPDATE store SET paused_by = NULL, paused_reason = NULL, probe_at = NULL WHERE name = :name")
_RUNNING = text("SELECT count(*) FROM store WHERE paused_by IS NULL")
_PROBES = text("SELECT name FROM store WHERE paused_by = 'connector' AND probe_at <= ledger_now()")
_HEAL = text("""
UPDATE exchange SET state = 'ready', next_attempt_at = ledger_now(), sent_at = NULL, tries = 0
WHERE store = :name AND state = 'dead_letter' AND reason_code = ANY(:codes)
""")

PROBE_EVERY_S = 300


def list_stores(connection: Connection) -> list[StoreRow]:
    """Returns all stores by name."""
    return [StoreRow(*row) for row in connection.execute(_ALL)]


def running_stores(connection: Connection) -> int:
    """Returns how many stores are worked for."""
    return int(connection.execute(_RUNNING).scalar_one())


def find_store(connection: Connection, name: str) -> StoreRow | None:
    """Returns one store, or None."""
    row = connection.execute(_ONE, {"name": name}).one_or_none()
    return None if row is None else StoreRow(*row)


def save_store(
    connection: Connection, name: str, *, shop_url: str, config: str, config_source: str, sealed: Mapping[str, bytes]
) -> None:
    """Adds a store or replaces its configuration and the given credentials.

    Dead letters that a wrong or missing entry caused are made due again.
    """
    values = {"name": name, "shop_url": shop_url, "config": config, "config_source": config_source}
    connection.execute(_SAVE, values)
    for credential, secret in sealed.items():
        connection.execute(_CREDENTIAL, {"store": name, "name": credential, "sealed": secret})
    heal_dead_letters(connection, name, codes=("unmappable", "configuration", "unknown_item"))
    try_again_now(connection, name)


def sealed_credentials(connection: Connection, store: str) -> dict[str, bytes]:
    """Returns the sealed secrets of a store by name."""
    return {row.name: bytes(row.sealed) for row in connection.execute(_CREDENTIALS, {"store": store})}


def pause_store(connection: Connection, name: str, *, by: str, reason: str) -> None:
    """Pauses a store: "connector" probes it again every five minutes, "person" leaves it to a person."""
    connection.execute(_PAUSE, {"name": name, "by": by, "reason": reason, "probe_s": PROBE_EVERY_S})


def resume_store(connection: Connection, name: str) -> None:
    """Lets a store run again; its exchanges and failing jobs are due at once."""
    connection.execute(_RESUME, {"name": name})
    try_again_now(connection, name)


def stores_to_probe(connection: Connection) -> list[str]:
    """Returns the stores the connector paused and should try again now."""
    return list(connection.execute(_PROBES).scalars())


def heal_dead_letters(connection: Connection, store: str, *, codes: tuple[str, ...]) -> int:
    """Makes the store's dead letters with one of these reason codes due again; returns how many."""
    return connection.execute(_HEAL, {"name": store, "codes": list(codes)}).rowcount


_ALL_SEALED = text("SELECT store, name, sealed FROM credential ORDER BY store, name FOR UPDATE")
_REPLACE_SEALED = text("UPDATE credential SET sealed = :sealed WHERE store = :store AND name = :name")


def all_sealed(connection: Connection) -> dict[tuple[str, str], bytes]:
    """Returns every sealed secret by (store, name), locked until the transaction ends; for key rotation."""
    return {(row.store, row.name): bytes(row.sealed) for row in connection.execute(_ALL_SEALED)}


def replace_sealed(connection: Connection, sealed: Mapping[tuple[str, str], bytes]) -> None:
    """Stages the same secrets sealed with another key; their stores' versions stay, for nothing else changed."""
    for (store, name), secret in sealed.items():
        connection.execute(_REPLACE_SEALED, {"store": store, "name": name, "sealed": secret})
