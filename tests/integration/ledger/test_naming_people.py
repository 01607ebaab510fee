"""The migration that names people: what was carried before is found by an e-mail address, as far as its body is kept."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.engine import make_url

from connector.flows.customers.keys import email_key
from connector.ledger.migrate import upgrade

BEFORE = "0022"
EXCHANGES = [
    ("orders_to_m3", "1001", b'{"id": 1001, "billing": {"email": " Ana@Example.com"}}'),
    ("customers_to_m3", "digest", b'{"email": "ana@example.com", "billing": {"email": "Stra\xc3\x9fe@example.com"}}'),
    ("orders_to_m3", "1002", b"no JSON"),
    ("orders_to_m3", "1003", b'{"id": 1003, "billing": {"email": ""}}'),
    ("orders_to_m3", "1004", b'["no order"]'),
    ("stock_to_m3", "MUG-001", b'{"billing": {"email": "ana@example.com"}}'),
]


@pytest.fixture
def before(database_url: str) -> Iterator[Engine]:
    """A database of its own as the release before left it."""
    server = create_engine(database_url, isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.execute(text("DROP DATABASE IF EXISTS before_people"))
        connection.execute(text("CREATE DATABASE before_people"))
    engine = create_engine(make_url(database_url).set(database="before_people"))
    upgrade(engine.url.render_as_string(hide_password=False), revision=BEFORE)
    yield engine
    engine.dispose()
    with server.connect() as connection:
        connection.execute(text("DROP DATABASE before_people"))
    server.dispose()


def test_what_was_carried_before_names_its_people(before: Engine) -> None:
    with before.begin() as connection:
        connection.exec_driver_sql(
            "INSERT INTO store (name, shop_url, config, config_source) VALUES ('w1', '', '', '')"
        )
        for place, (flow, key, body) in enumerate(EXCHANGES, start=1):
            connection.execute(
                text(
                    "INSERT INTO exchange (id, store, scope, flow, business_key, pool, newest_delivery_id)"
                    " VALUES (:id, 'w1', 'w1', :flow, :key, 'p', :id);"
                    "INSERT INTO delivery (id, store, exchange_id, source, topic, kind, body, body_size, body_sha256, is_full)"
                    " VALUES (:id, 'w1', :id, 's', 't', 'k', :body, 0, '', true)"
                ),
                {"id": place, "flow": flow, "key": key, "body": body},
            )

    upgrade(before.url.render_as_string(hide_password=False))

    with before.connect() as connection:
        named = connection.execute(text("SELECT exchange_id, email FROM named_person ORDER BY exchange_id")).all()
    assert set(named) == {
        (1, email_key("ana@example.com")),
        (2, email_key("ana@example.com")),
        (2, email_key("straße@example.com")),
    }
