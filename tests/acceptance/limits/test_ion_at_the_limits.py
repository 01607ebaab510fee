"""Messages of M3 to gunicorn as the Procfile runs it: stored before 202, 503 without the database, 50 MB in little memory."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path

import psutil
import pytest
from sqlalchemy import text

from connector.embedded.postgres import embedded_postgres
from connector.embedded.valkey import embedded_valkey
from connector.ledger.migrate import upgrade
from connector.ledger.session import open_ledger
from tests.acceptance.limits.conftest import KEY, Receiver
from tests.acceptance.limits.freezing import frozen
from tests.acceptance.limits.traffic import going_on
from tests.integration.webhook_receiver.ion_sender import STORE, add_ion_store, basic, message, sample
from tests.integration.webhook_receiver.serving import Answer, serving, until

PATH = f"/ion/{STORE}/ims/v3/multipartMessage"
LARGE_BYTES = 49 * 1024 * 1024
MEMORY_BYTES = 100 * 1024 * 1024
"""What one process may need more for a message of 50 MB."""
AT_ONCE = 8
_numbers = count(1)


@pytest.fixture(scope="module")
def receiver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Receiver]:
    """One receiver with one store that ION may deliver for."""
    folder = tmp_path_factory.mktemp("ion")
    (folder / "web").mkdir()
    with (
        embedded_postgres(folder / "postgres", durable=False) as postgres,
        embedded_valkey(folder / "valkey", durable=False) as valkey,
    ):
        upgrade(postgres.url)
        ledger = open_ledger(postgres.url)
        add_ion_store(ledger, KEY)
        variables = {"DATABASE_URL": postgres.url, "REDIS_URL": valkey.url, "CONNECTOR_SECRET_KEYS": KEY}
        with serving(folder / "web", variables) as web:
            yield Receiver(web, postgres, valkey, ledger)
        ledger.dispose()


def post(receiver: Receiver, body: bytes, content_type: str) -> Answer | None:
    return receiver.web.post(body, f"Authorization: {basic()}", f"Content-Type: {content_type}", path=PATH)


def deliver(receiver: Receiver, number: int) -> int:
    """Delivers a change of item `number` as a message of that id; 0 if the connection ended without an answer."""
    document = sample(6).replace(b"TSHIRT-BLK-M", f"ITEM-{number}".encode())
    try:
        answer = post(receiver, *message(document, messageId=f"m-{number}"))
    except OSError:
        return 0
    return answer.status if answer else 0


def deliver_many(receiver: Receiver, numbers: list[int]) -> dict[int, int]:
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return dict(zip(numbers, pool.map(lambda number: deliver(receiver, number), numbers), strict=True))


def numbers(many: int = 20) -> list[int]:
    return [next(_numbers) for _ in range(many)]


def stored(receiver: Receiver) -> set[int]:
    receiver.ledger.dispose()
    with receiver.ledger.connect() as connection:
        rows = connection.execute(text("SELECT headers->>'messageId' FROM delivery WHERE source = 'ion'")).scalars()
        return {int(one.removeprefix("m-")) for one in rows if one.startswith("m-")}


def due(receiver: Receiver) -> set[int]:
    with receiver.ledger.connect() as connection:
        rows = connection.execute(text("SELECT item_number FROM offer WHERE flow = 'items_to_woo'")).scalars()
        return {int(one.removeprefix("ITEM-")) for one in rows if one.startswith("ITEM-")}


def test_what_is_answered_202_is_stored_and_due(receiver: Receiver) -> None:
    wanted = numbers(60)

    answers = deliver_many(receiver, wanted)

    assert set(answers.values()) == {202}
    assert set(wanted) <= stored(receiver) & due(receiver)


def test_database_killed_in_the_middle_is_503_and_nothing_answered_202_is_lost(receiver: Receiver) -> None:
    with going_on(lambda number: deliver(receiver, number), _numbers, at_once=AT_ONCE) as answers:
        until(lambda: len(answers) > 20)
        receiver.postgres.kill()
        until(lambda: 503 in list(answers.values()))

    receiver.postgres.start()
    assert set(answers.values()) == {202, 503}
    assert {number for number, status in answers.items() if status == 202} <= stored(receiver) & due(receiver)
    assert set(deliver_many(receiver, numbers()).values()) == {202}, "without a restart"


def test_database_that_hangs_is_503(receiver: Receiver) -> None:
    deliver_many(receiver, numbers())

    with frozen(receiver.postgres.pid):
        answers = deliver_many(receiver, numbers(12))

    assert set(answers.values()) == {503}
    assert set(deliver_many(receiver, numbers()).values()) == {202}


def test_broker_that_is_away_is_202(receiver: Receiver) -> None:
    receiver.valkey.kill()
    try:
        answers = deliver_many(receiver, numbers())
    finally:
        receiver.valkey.start()

    assert set(answers.values()) == {202}


def large(bytes_: int) -> bytes:
    """Returns a count of so many bytes with lines of the usual size."""
    line = (
        b"<InventoryCountLine><LineNumber>1</LineNumber><Item><ItemID><ID>LARGE</ID></ItemID></Item><Note>" + b"n" * 400
    )
    line += b"</Note></InventoryCountLine>"
    start, _, end = sample(5).partition(b"</InventoryCount>")
    return start + line * (bytes_ // len(line)) + b"</InventoryCount>" + end


def test_a_message_of_50_mb_is_taken_and_no_process_holds_it_in_memory(receiver: Receiver) -> None:
    deliver_many(receiver, numbers())
    before = {pid: _peak(pid) for pid in receiver.web.workers()}

    answer = post(receiver, *message(large(LARGE_BYTES), messageId="large"))

    assert answer is not None
    assert answer.status == 202
    grown = {pid: _peak(pid) - before[pid] for pid in receiver.web.workers()}
    assert max(grown.values()) < MEMORY_BYTES, f"grown by {grown}"
    with receiver.ledger.connect() as connection:
        assert connection.execute(text("SELECT 1 FROM offer WHERE item_number = 'LARGE'")).scalar_one() == 1


def test_no_process_of_the_receiver_was_replaced_meanwhile(receiver: Receiver) -> None:
    log = receiver.web.log.read_text(encoding="utf-8")

    assert log.count("Booting worker") == len(receiver.web.workers())
    bugs = [line for line in log.splitlines() if "receiver_bug" in line]
    assert bugs == []


def _peak(pid: int) -> int:
    """Returns the most memory a process ever held, in bytes."""
    assert psutil.pid_exists(pid)
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    (line,) = [line for line in status.splitlines() if line.startswith("VmHWM:")]
    return int(line.split()[1]) * 1024
