"""A ledger with two stores, and ways to put exchanges into it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Connection, Engine, text

from connector.ledger.inbox import Received, record_delivery
from connector.ledger.session import transaction
from connector.ledger.stores import save_store

STORES = ("w1", "w2")


@pytest.fixture
def ledger(engine: Engine) -> Engine:
    """The ledger with two running stores."""
    with transaction(engine) as connection:
        for name in STORES:
            save_store(
                connection, name, shop_url=f"https://{name}.example", config="{}", config_source="test", sealed={}
            )
    return engine


@pytest.fixture
def connection(ledger: Engine) -> Iterator[Connection]:
    """An open transaction that is rolled back at the end."""
    with ledger.connect() as opened:
        yield opened


def add(ledger: Engine, key: str, *, store: str = "w1", content: str = "a", is_full: bool = True) -> int:
    """Records a delivery about order `key` and returns its exchange."""
    received = Received(
        store=store,
        source="webhook",
        topic="order.updated",
        kind="order",
        resource_id=key,
        flow="orders_to_m3",
        business_key=key,
        pool="orders",
        body=b"{}",
        body_size=2,
        body_sha256="",
        is_full=is_full,
        content_hash=content if is_full else None,
    )
    recorded = record_delivery(ledger, received)
    assert recorded.exchange_id is not None
    return recorded.exchange_id


def change(ledger: Engine, statement: str, **values: object) -> None:
    """Runs one statement in a transaction of its own."""
    with transaction(ledger) as connection:
        connection.execute(text(statement), values)


def one(ledger: Engine, exchange_id: int) -> dict[str, object]:
    """Returns an exchange."""
    with transaction(ledger) as connection:
        row = connection.execute(text("SELECT * FROM exchange WHERE id = :id"), {"id": exchange_id}).one()
    return dict(row._mapping)


def let_pass(ledger: Engine, seconds: float) -> None:
    """Moves the ledger's clock."""
    change(
        ledger,
        "INSERT INTO clock_offset (id, seconds) VALUES (1, :by) ON CONFLICT (id) DO UPDATE"
        " SET seconds = clock_offset.seconds + :by",
        by=seconds,
    )
