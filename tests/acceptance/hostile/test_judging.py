"""The judge of the hostile run must see what is wrong, or its silence means nothing."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine

from connector.ledger.session import transaction
from connector.ledger.stores import save_store
from tests.acceptance.hostile.judging import Judge, WrongError, growth
from tests.acceptance.hostile.sent import Sent, Wanted
from tests.harness import STORE
from tests.integration.webhook_receiver.conftest import Receiver

BODY = b'{"id":7}'
STORED = Sent("signed", Wanted.STORED, b"POST ...", BODY)
REFUSED = Sent("unsigned", Wanted.REFUSED, b"POST ...")
TAKEN = Sent("message", Wanted.TAKEN, b"POST ...")


@pytest.fixture
def judge(engine: Engine) -> Judge:
    for name in (STORE, "shop1"):
        with transaction(engine) as connection:
            save_store(connection, name, shop_url="https://shop.example", config="{}", config_source="test", sealed={})
    return Judge(engine, kept_bytes=100)


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (STORED, 500),
        (STORED, 503),
        (STORED, 0),
        (STORED, 302),
        (REFUSED, 500),
        (REFUSED, 200),
        (REFUSED, 301),
        (TAKEN, 500),
        (TAKEN, 200),
        (TAKEN, 0),
    ],
)
def test_wrong_answer_is_seen(judge: Judge, sent: Sent, status: int) -> None:
    with pytest.raises(WrongError, match=f"answered {status}"):
        judge.take_answer(sent, status)


def test_row_that_is_missing_or_not_owed_is_seen(judge: Judge, engine: Engine) -> None:
    judge.take_answer(STORED, 200)
    with pytest.raises(WrongError, match="1 signed bodies have no row"):
        judge.compare_rows()

    Receiver(engine).deliver(b'{"id":8}')
    Receiver(engine).deliver(BODY)
    with pytest.raises(WrongError, match="0 signed bodies have no row, 1 rows nobody signed"):
        judge.compare_rows()


def test_message_without_a_row_is_seen(judge: Judge) -> None:
    judge.take_answer(TAKEN, 400)
    judge.compare_rows()
    judge.take_answer(TAKEN, 202)

    with pytest.raises(WrongError, match="1 messages of M3 were answered 202, 0 have a row"):
        judge.compare_rows()


def test_row_that_is_owed_is_taken(judge: Judge, engine: Engine) -> None:
    judge.take_answer(STORED, 200)
    Receiver(engine).deliver(BODY)

    judge.compare_rows()


@pytest.mark.parametrize("after", [{1: 111}, {2: 100}, {}])
def test_memory_that_grew_or_a_process_that_was_replaced_is_seen(after: dict[int, int]) -> None:
    with pytest.raises(WrongError):
        growth({1: 100}, after)
