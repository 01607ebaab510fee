"""The publisher: sends outside the request, keeps a bounded number, survives a broker that is away."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence

import pytest

from connector.errors import RemoteUnavailableError
from connector.ledger.dispatch import DueMessage
from connector.ledger.inbox import Recorded
from webhook_receiver import publisher as module
from webhook_receiver.publisher import Publisher

PATIENCE_S = 60  # against hanging


class Broker:
    """Takes messages, unless it is away."""

    def __init__(self) -> None:
        self.sent: list[tuple[int, str, int]] = []
        self.threads: set[str] = set()
        self.is_away = False
        self.tries = 0

    def __call__(self, messages: Sequence[DueMessage]) -> None:
        is_away = self.is_away  # whoever has seen this try may bring it back
        self.tries += 1
        if is_away:
            raise RemoteUnavailableError("The message broker cannot be reached.")
        self.threads.add(threading.current_thread().name)
        self.sent.extend((one.exchange_id, one.pool, one.claim_no) for one in messages)


def recorded(exchange_id: int, *, due: bool = True) -> Recorded:
    return Recorded(delivery_id=1, exchange_id=exchange_id, due=due, pool="orders", claim_no=4)


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.005)


@pytest.fixture
def broker() -> Broker:
    return Broker()


def test_what_is_due_is_sent_by_the_thread_and_not_by_the_caller(broker: Broker) -> None:
    publisher = Publisher(broker)

    assert publisher.offer(recorded(7))
    until(lambda: bool(broker.sent))
    publisher.stop(patience_s=PATIENCE_S)

    assert broker.sent == [(7, "orders", 4)]
    assert broker.threads == {"publisher"}


def test_what_is_not_due_or_has_no_exchange_is_not_sent(broker: Broker) -> None:
    publisher = Publisher(broker)

    assert not publisher.offer(recorded(7, due=False))
    assert not publisher.offer(Recorded(delivery_id=1, exchange_id=None, due=True, pool=None))
    publisher.stop(patience_s=PATIENCE_S)

    assert broker.tries == 0


def test_an_offer_never_waits_for_a_slow_broker(broker: Broker) -> None:
    release = threading.Event()

    def slow(messages: Sequence[DueMessage]) -> None:
        release.wait(PATIENCE_S)
        broker(messages)

    publisher = Publisher(slow)
    for number in range(100):
        publisher.offer(recorded(number))
    sent_before = list(broker.sent)
    release.set()
    until(lambda: len(broker.sent) == 100)
    publisher.stop(patience_s=PATIENCE_S)

    assert sent_before == []


def test_ids_wait_for_a_broker_that_comes_back(broker: Broker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "FIRST_PAUSE_S", 0.02)
    broker.is_away = True
    publisher = Publisher(broker)
    publisher.offer(recorded(1))
    publisher.offer(recorded(2))
    until(lambda: broker.tries >= 2)

    broker.is_away = False
    until(lambda: len(broker.sent) == 2)
    publisher.stop(patience_s=PATIENCE_S)

    assert sorted(one[0] for one in broker.sent) == [1, 2]


def test_ids_the_sweeper_has_taken_over_are_given_up(broker: Broker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "FIRST_PAUSE_S", 0.02)
    monkeypatch.setattr(module, "GIVE_UP_AFTER_S", 0.0)
    broker.is_away = True
    publisher = Publisher(broker)
    publisher.offer(recorded(1))
    until(lambda: broker.tries >= 1)
    broker.is_away = False
    publisher.offer(recorded(2))
    until(lambda: bool(broker.sent))
    publisher.stop(patience_s=PATIENCE_S)

    assert [one[0] for one in broker.sent] == [2]


def test_a_full_set_refuses_further_ids_instead_of_growing(broker: Broker) -> None:
    hold = threading.Event()

    def hold_back(messages: Sequence[DueMessage]) -> None:
        hold.wait(PATIENCE_S)

    publisher = Publisher(hold_back, most_waiting=3)
    publisher.offer(recorded(0))
    until(lambda: not publisher._waiting)  # the thread holds the first one

    taken = [publisher.offer(recorded(number)) for number in range(1, 6)]
    hold.set()
    publisher.stop(patience_s=PATIENCE_S)

    assert taken == [True, True, True, False, False]


def test_stopping_sends_what_waits(broker: Broker) -> None:
    publisher = Publisher(broker)
    for number in range(50):
        publisher.offer(recorded(number))

    publisher.stop(patience_s=PATIENCE_S)

    assert len(broker.sent) == 50
    assert not publisher.offer(recorded(99))


def test_ids_that_come_together_are_sent_together(broker: Broker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "GATHER_S", PATIENCE_S)  # until it stops
    publisher = Publisher(broker)
    for number in range(50):
        publisher.offer(recorded(number))
    publisher.stop(patience_s=PATIENCE_S)

    assert len(broker.sent) == 50
    assert broker.tries == 1


def test_an_id_offered_twice_before_it_is_sent_makes_one_message(
    broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "GATHER_S", PATIENCE_S)
    publisher = Publisher(broker)
    publisher.offer(recorded(7))
    publisher.offer(recorded(7))
    publisher.stop(patience_s=PATIENCE_S)

    assert [one[0] for one in broker.sent] == [7]
