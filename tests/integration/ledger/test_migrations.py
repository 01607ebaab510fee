"""The migrations: one line of numbers, up from an empty database, and the same tables as the models."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.engine import make_url

from connector.ledger.metadata import METADATA
from connector.ledger.migrate import MIGRATIONS, upgrade
from connector.ledger.schema import current_revision, newest_revision
from connector.ledger.unwitnessed import exchanges_untold


@pytest.fixture
def empty(database_url: str) -> Iterator[Engine]:
    """A database of its own without a table."""
    server = create_engine(database_url, isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.execute(text("DROP DATABASE IF EXISTS migrated"))
        connection.execute(text("CREATE DATABASE migrated"))
    engine = create_engine(make_url(database_url).set(database="migrated"))
    yield engine
    engine.dispose()
    with server.connect() as connection:
        connection.execute(text("DROP DATABASE migrated"))
    server.dispose()


def test_migrations_bring_an_empty_database_to_exactly_the_tables_of_the_models(empty: Engine) -> None:
    url = empty.url.render_as_string(hide_password=False)
    upgrade(url)
    upgrade(url)  # a second time does nothing

    with empty.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": False})
        assert compare_metadata(context, METADATA) == []
        assert current_revision(connection) == newest_revision()


def test_migrations_are_numbered_in_one_line() -> None:
    files = sorted(path for path in (MIGRATIONS / "versions").glob("*.py") if path.name != "__init__.py")
    texts = [path.read_text(encoding="utf-8") for path in files]
    numbers = [re.search(r'^revision\b[^=]*= "(\w+)"', text, re.MULTILINE) for text in texts]
    parents = [re.search(r'^down_revision\b[^=]*= (?:"(\w+)"|None)', text, re.MULTILINE) for text in texts]

    found = [number[1] for number in numbers if number]
    assert found == [f"{place:04}" for place in range(1, len(files) + 1)]
    assert [parent[1] for parent in parents if parent] == [None, *found[:-1]]
    assert all(path.name.startswith(f"{number}_") for path, number in zip(files, found, strict=True))


def test_the_clock_of_the_ledger_is_the_servers_unless_a_test_moves_it(engine: Engine) -> None:
    with engine.connect() as connection:
        gap = connection.execute(text("SELECT extract(epoch FROM ledger_now() - clock_timestamp())")).scalar_one()

    assert abs(float(gap)) < 1


def test_what_was_discarded_before_discards_were_kept_is_known_as_such(empty: Engine) -> None:
    url = empty.url.render_as_string(hide_password=False)
    (kept,) = (MIGRATIONS / "versions").glob("*_keep_discards.py")
    upgrade(url, revision=f"{int(kept.name[:4]) - 1:04}")
    with empty.begin() as connection:
        connection.execute(text("INSERT INTO store (name, shop_url, config, config_source) VALUES ('w1', '', '', '')"))
        connection.execute(
            text(
                "INSERT INTO exchange (store, scope, flow, business_key, pool, state, reason_code, newest_delivery_id,"
                " reason) VALUES ('w1', 'w1', 'orders_to_m3', '7', 'orders', 'done', 'discarded', 5, ''),"
                " ('w1', 'w1', 'orders_to_m3', '8', 'orders', 'done', '', 6, ''),"
                " ('w1', 'w1', 'orders_to_m3', '9', 'orders', 'done', 'discarded', 7, 'Discarded by bo: typed in'),"
                " ('w1', 'w1', 'customers_to_m3', 'a shopper', 'customers', 'done', 'discarded', 8, '')"
            )
        )
        connection.execute(
            text(
                "INSERT INTO audit (store, exchange_id, who, system, action, key, why)"
                " SELECT 'w1', id, 'ana', 'ledger', 'discard', business_key, 'by hand' FROM exchange"
                " WHERE business_key <> '9'"  # its line was removed by age
            )
        )

    upgrade(url)

    with empty.connect() as connection:
        rows = connection.execute(text("SELECT exchange_id, delivery_id, who, why FROM discard ORDER BY 1")).all()
        due = "SELECT business_key, state FROM exchange WHERE flow = 'discards_to_woo' AND doubt_rev = wanted_rev ORDER BY 1"
        marked = [tuple(row) for row in connection.execute(text(due))]
    assert [tuple(row) for row in rows] == [
        (1, 5, "ana", "by hand"),
        (3, 7, "a person", "Discarded by bo: typed in"),
    ]
    assert marked == [("7", "ready"), ("9", "ready")]


def test_what_a_former_version_wrote_and_did_not_tell_is_not_taken_for_a_removed_line(empty: Engine) -> None:
    url = empty.url.render_as_string(hide_password=False)
    (telling,) = (MIGRATIONS / "versions").glob("0027*.py")
    upgrade(url, revision=f"{int(telling.name[:4]) - 1:04}")
    with empty.begin() as connection:
        connection.execute(text("INSERT INTO store (name, shop_url, config, config_source) VALUES ('w1', '', '', '')"))
        for table, values in (
            ("exchange (store, scope, flow, business_key, pool)", "'w1', 'w1', 'customers_to_m3', 'a', 'x'"),
            (
                "document (exchange_id, kind, m3_scope, state, final_number, plan)",
                "1, 'x', 'm', 'confirmed', '1', '{}'",
            ),
            (
                "step (document_id, revision, claim_no, name, state, request_digest, result, finished_at)",
                "1, 1, 1, 'add', 'done', '', '{\"n\": 1}', now()",
            ),
        ):
            connection.execute(text(f"INSERT INTO {table} VALUES ({values})".replace(":", "\\:")))

    upgrade(url)

    assert list(exchanges_untold(empty)) == []


def test_nothing_of_a_single_field_is_kept_of_discarded_orders_whose_buyer_was_erased(empty: Engine) -> None:
    url = before(empty, "*_forget_buyers_of_discards.py")
    parts = '{"asks": "post", "parts": {"delivery.phone": "d1", "lines and amounts": "d2", "time it was placed": "d3"}}'
    with empty.begin() as connection:
        for key, body, accepted in (("1", None, parts), ("2", b"{}", parts), ("3", None, '{"asks": "forgotten"}')):
            values = {"key": key, "body": body, "accepted": accepted}
            connection.execute(text(f"{ORDER}; {TOLD}; {KEPT}"), values)

    upgrade(url)

    with empty.connect() as connection:
        kept = connection.execute(text("SELECT accepted, shown FROM discard ORDER BY order_id")).all()
    nobodys, whole = (
        {"lines and amounts", "time it was placed"},
        {"delivery.phone", *("lines and amounts", "time it was placed")},
    )
    assert [[set(one.get("parts", {})) for one in row] for row in kept] == [[nobodys] * 2, [whole] * 2, [set()] * 2]


def test_items_of_discarded_orders_are_looked_at_whose_sales_a_migration_closed(empty: Engine) -> None:
    url = before(empty, "*_forget_idle_discards.py")
    sale = (
        "INSERT INTO sale (store, order_id, delivery_id, holds, is_open, lines)"
        " VALUES ('w1', CAST(:key AS bigint), 1, true, true, CAST(:lines AS jsonb))"
    )
    offer = "INSERT INTO offer (store, flow, item_number, done_rev) VALUES ('w1', 'stock_to_woo', :sku, 1)"
    with empty.begin() as connection:
        for key, sku in (("1", "MUG"), ("2", "TEA")):
            lines = json.dumps([{"product_id": 5, "sku": sku, "units": "2"}])
            values = {"key": key, "body": b"{}", "accepted": None, "sku": sku, "lines": lines}
            said = f"; {KEPT}" if key == "1" else ""
            connection.execute(text(f"{ORDER}; {TOLD}{said}; {sale}; {offer}"), values)

    upgrade(url)

    with empty.connect() as connection:
        due = "SELECT item_number FROM offer WHERE wanted_rev > done_rev"
        assert list(connection.execute(text(due)).scalars()) == ["MUG"]


ORDER = (
    "INSERT INTO store (name, shop_url, config, config_source) VALUES ('w1', '', '', '') ON CONFLICT DO NOTHING;"
    "INSERT INTO exchange (store, scope, flow, business_key, pool) VALUES ('w1', 'w1', 'orders_to_m3', :key, 'orders')"
)
TOLD = (
    "INSERT INTO delivery (store, exchange_id, source, topic, kind, body, body_size, body_sha256, is_full)"
    " SELECT 'w1', id, 'webhook', 'order.updated', 'order', :body, 2, '', true FROM exchange WHERE business_key = :key"
)
KEPT = (
    "INSERT INTO discard (exchange_id, order_id, who, why, accepted, shown)"
    " SELECT id, CAST(:key AS bigint), 'ana', 'by hand', CAST(:accepted AS jsonb), CAST(:accepted AS jsonb)"
    " FROM exchange WHERE business_key = :key"
)


def before(empty: Engine, migration: str) -> str:
    """Brings the database to what it was before a migration, and returns its address."""
    url = empty.url.render_as_string(hide_password=False)
    (file,) = (MIGRATIONS / "versions").glob(migration)
    upgrade(url, revision=f"{int(file.name[:4]) - 1:04}")
    return url
