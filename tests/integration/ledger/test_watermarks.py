"""Versions of documents: only a greater one counts, whoever comes first, and in whatever order."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import Engine, text

from connector.ledger.messages import leave_message, take_message
from connector.ledger.session import transaction
from connector.ledger.stores import save_store
from connector.ledger.watermarks import Mark, Raised, forget_watermarks, raise_watermarks

SCOPE = {"tenant": "T", "noun": "ItemMaster"}


@pytest.fixture
def ledger(engine: Engine) -> Engine:
    with transaction(engine) as connection:
        save_store(connection, "w1", shop_url="https://shop.example", config="{}", config_source="test", sealed={})
    return engine


def mark(variation: int, document: str = "A", *, entity: str = "100", location: str = "") -> Mark:
    return Mark(entity, location, document, variation)


def take(ledger: Engine, *marks: Mark, is_deleted: bool = False, store: str = "w1", tenant: str = "T") -> Raised:
    with transaction(ledger) as connection:
        return raise_watermarks(connection, store, tenant=tenant, noun="ItemMaster", marks=marks, is_deleted=is_deleted)


def test_greater_counts_equal_is_the_same_and_less_is_older(ledger: Engine) -> None:
    assert take(ledger, mark(7)).new == {mark(7)}
    assert take(ledger, mark(7)).same == {mark(7)}
    assert take(ledger, mark(6)).older == {mark(6)}
    assert take(ledger, mark(2**63 - 1)).new == {mark(2**63 - 1)}


def test_tenant_entity_and_location_keep_versions_apart(ledger: Engine) -> None:
    take(ledger, mark(9))

    assert take(ledger, mark(1, entity="200")).new
    assert take(ledger, mark(1, location="002")).new
    assert take(ledger, mark(1), tenant="U").new


def test_of_one_document_twice_in_a_message_the_greater_counts(ledger: Engine) -> None:
    assert take(ledger, mark(3), mark(5), mark(4)).new == {mark(5)}


def test_a_deletion_leaves_its_version_behind(ledger: Engine) -> None:
    take(ledger, mark(5), is_deleted=True)

    assert take(ledger, mark(4)).older == {mark(4)}
    assert take(ledger, mark(6)).new == {mark(6)}


def test_what_is_rolled_back_was_not_taken(ledger: Engine) -> None:
    with pytest.raises(RuntimeError), transaction(ledger) as connection:
        raise_watermarks(connection, "w1", **SCOPE, marks=[mark(5)], is_deleted=False)
        raise RuntimeError

    assert take(ledger, mark(5)).new


def test_forgotten_versions_count_from_the_start(ledger: Engine) -> None:
    take(ledger, mark(5), mark(5, "B"))
    with transaction(ledger) as connection:
        assert forget_watermarks(connection, "w1", noun="ItemMaster", document_id="A") == 1

    assert take(ledger, mark(1)).new
    assert take(ledger, mark(1, "B")).older
    with transaction(ledger) as connection:
        assert forget_watermarks(connection, "w1", noun="ItemMaster", document_id=None) == 2


def test_many_at_once_in_any_order_take_each_version_once_and_end_with_the_greatest(ledger: Engine) -> None:
    documents = [f"D{number}" for number in range(20)]
    draw = random.Random(4)
    messages = [
        [mark(version, name) for name in draw.sample(documents, 8)] for version in draw.sample(range(1, 61), 60)
    ]

    with ThreadPoolExecutor(6) as pool:
        raised = list(pool.map(lambda marks: take(ledger, *marks), messages))

    new = [one for each in raised for one in each.new]
    assert len(new) == len(set(new)), "no version was taken twice"
    with transaction(ledger) as connection:
        rows = connection.execute(text("SELECT document_id, variation_id FROM watermark"))
        held = {row.document_id: row.variation_id for row in rows}
    sent = [one for each in messages for one in each]
    assert held == {name: max(one.variation_id for one in sent if one.document_id == name) for name in held}
    assert set(held) == {one.document_id for one in sent}


def test_a_message_is_taken_once_by_id_and_content(ledger: Engine) -> None:
    def one(message_id: str, sha256: str = "a" * 64) -> bool:
        with transaction(ledger) as connection:
            return take_message(connection, "w1", message_id=message_id, sha256=sha256)

    assert [one("m"), one("m"), one("m", "b" * 64), one("n")] == [True, False, True, True]
    with transaction(ledger) as connection:
        leave_message(connection, "w1", message_id="m", sha256="a" * 64)
    assert one("m")


def test_of_the_same_message_many_times_at_once_one_is_taken(ledger: Engine) -> None:
    def one(_: int) -> bool:
        with transaction(ledger) as connection:
            return take_message(connection, "w1", message_id="m", sha256="a" * 64)

    with ThreadPoolExecutor(6) as pool:
        assert sorted(pool.map(one, range(12))) == [False] * 11 + [True]
