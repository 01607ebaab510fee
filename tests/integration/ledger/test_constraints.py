"""Rules that must hold are constraints: the database refuses what would break them, whoever tries."""

from __future__ import annotations

import pytest
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import IntegrityError

from tests.integration.ledger.conftest import add

EXCHANGE = (
    "INSERT INTO exchange (store, scope, flow, business_key, pool) VALUES ('w1', 'w1', 'orders_to_m3', '1', 'orders')"
)
DOCUMENT = "INSERT INTO document (exchange_id, kind, m3_scope, state, temporary_number) VALUES (1, 'batch_order', 'm', "
STEP = "INSERT INTO step (document_id, revision, name, part, claim_no, request_digest) VALUES (1, 1, 'head', 0, 1, '')"
BINDING = "INSERT INTO binding (kind, shop_scope, shop_key, m3_scope, m3_key) VALUES "

REFUSED = {
    "second exchange of one fact": [EXCHANGE],
    "running without a lease": ["UPDATE exchange SET state = 'running'"],
    "lease without running": ["UPDATE exchange SET lease_until = now()"],
    "blocked on nothing": ["UPDATE exchange SET state = 'blocked'"],
    "dead letter without a reason": ["UPDATE exchange SET state = 'dead_letter', reason = ''"],
    "state nobody knows": ["UPDATE exchange SET state = 'lost'"],
    "second live document": [f"{DOCUMENT} 'building', '1')", f"{DOCUMENT} 'confirming', '2')"],
    "temporary number of two documents": [f"{DOCUMENT} 'abandoned', '1')", f"{DOCUMENT} 'building', '1')"],
    "confirmed without a number": [f"{DOCUMENT} 'confirmed', '1')"],
    "same step twice": [f"{DOCUMENT} 'building', '1')", STEP, STEP],
    "two M3 orders of one shop order": [
        f"{BINDING} ('order', 's', '1', 'm', 'A')",
        f"{BINDING} ('order', 's', '1', 'm', 'B')",
    ],
    "two shop orders of one M3 order": [
        f"{BINDING} ('order', 's', '1', 'm', 'A')",
        f"{BINDING} ('order', 's', '2', 'm', 'A')",
    ],
    "line number over seven digits": ["INSERT INTO order_line (exchange_id, cupo, line_key) VALUES (1, 10000000, 'x')"],
    "store code of nine letters": [
        "INSERT INTO store (name, shop_url, config, config_source) VALUES ('ABCDEFGH', '', '', '')"
    ],
}


@pytest.mark.parametrize("statements", REFUSED.values(), ids=REFUSED.keys())
def test_the_database_refuses(ledger: Engine, connection: Connection, statements: list[str]) -> None:
    assert add(ledger, "1") == 1
    *before, last = statements
    for statement in before:
        connection.execute(text(statement))

    with pytest.raises(IntegrityError):
        connection.execute(text(last))


def test_a_new_document_may_follow_an_abandoned_one(ledger: Engine, connection: Connection) -> None:
    assert add(ledger, "1") == 1
    connection.execute(text(f"{DOCUMENT} 'abandoned', '1')"))

    connection.execute(text(f"{DOCUMENT} 'building', '2')"))
