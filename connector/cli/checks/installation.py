"""Checks the parts every store needs: database, migrations, broker, secret keys, rules. Called by connector/cli/check.py."""

from __future__ import annotations

from collections.abc import Iterator

import redis

from connector.cli.checks.finding import Area, Finding
from connector.errors import ConnectorError
from connector.ion.rules import load_event_rules
from connector.ledger import stores, tokens
from connector.ledger.schema import connect, newest_revision, require_schema, server_version
from connector.ledger.session import transaction
from connector.settings import Settings
from connector.vault.cipher import Cipher

AREA = Area("installation")
TIMEOUT_S = 3


def check_installation(settings: Settings) -> Iterator[Finding]:
    """Yields what was found about database, migrations, keys, broker and rules; stops at a database that is away."""
    found, is_usable = _check_database(settings)
    yield from found
    yield from _check_keys(settings, has_ledger=is_usable)
    yield _check_broker(settings)
    yield _check_event_rules(settings)


def _check_database(settings: Settings) -> tuple[list[Finding], bool]:
    try:
        engine = connect(settings.database_url)
    except ConnectorError as error:
        return [AREA.error("database", error)], False
    try:
        with transaction(engine) as connection:
            found = [AREA.ok("database", f"PostgreSQL {server_version(connection)} answers")]
        require_schema(engine)
        return [*found, AREA.ok("migrations", f"at {newest_revision()}, the newest")], True
    except ConnectorError as error:
        is_away = error.code == "ledger_unavailable"
        failed = AREA.error("database" if is_away else "migrations", error)
        return [failed] if is_away else [*found, failed], False
    finally:
        engine.dispose()


def _check_keys(settings: Settings, *, has_ledger: bool) -> Iterator[Finding]:
    try:
        cipher = Cipher.from_keys(settings.secret_keys)
    except ConnectorError as error:
        yield AREA.error("secret keys", error)
        return
    if not has_ledger:
        return
    engine = connect(settings.database_url)
    try:
        with transaction(engine) as connection:
            sealed = [*stores.all_sealed(connection).values(), *tokens.all_sealed(connection).values()]
        for secret in sealed:
            cipher.open(secret)
    except ConnectorError as error:
        yield AREA.error("secret keys", error)
    else:
        yield AREA.ok("secret keys", f"{len(settings.secret_keys)} set; all {len(sealed)} stored secrets can be opened")
    finally:
        engine.dispose()


def _check_broker(settings: Settings) -> Finding:
    try:
        with redis.Redis.from_url(
            settings.redis_url, socket_timeout=TIMEOUT_S, socket_connect_timeout=TIMEOUT_S
        ) as client:
            policy = str(client.info("memory").get("maxmemory_policy", "unknown"))
    except (redis.RedisError, ValueError, OSError) as error:
        return AREA.fail(
            "broker",
            f"Redis or Valkey at REDIS_URL does not answer ({type(error).__name__}). Work goes on only as far as the "
            "sweeper can send.",
            remedy="Start it, or correct REDIS_URL. Nothing is lost meanwhile: the ledger holds the work.",
        )
    if policy not in ("noeviction", "unknown"):
        return AREA.warn(
            "broker",
            f"It answers, but drops keys when memory runs short (maxmemory-policy {policy}).",
            remedy="Set maxmemory-policy noeviction, so that a full broker refuses messages instead of losing them.",
        )
    return AREA.ok("broker", "Redis or Valkey answers")


def _check_event_rules(settings: Settings) -> Finding:
    try:
        rules = load_event_rules(settings.config_dir)
    except ConnectorError as error:
        return AREA.error("messages of M3", error)
    return AREA.ok(
        "messages of M3", f"{rules.source} listens to {len(rules.nouns)} BODs and {len(rules.tables)} tables"
    )
