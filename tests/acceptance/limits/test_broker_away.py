"""The broker is away, hangs or says nothing: the receiver answers 200 without waiting for it and sends later by itself."""

from __future__ import annotations

from itertools import count
from statistics import median

from tests.acceptance.limits.conftest import Answered, Receiver
from tests.acceptance.limits.freezing import frozen, silent_port
from tests.integration.webhook_receiver.serving import until

DELIVERIES = 40
TIME_OUT_S = 2.0
"""The shortest one of the broker (`broker.py`): what waits for it takes longer."""
_numbers = count(1000)


def numbers() -> list[int]:
    return [next(_numbers) for _ in range(DELIVERIES)]


def assert_taken(receiver: Receiver, wanted: list[int], answers: list[Answered]) -> None:
    assert {one.status for one in answers} == {200}
    assert median(one.took_s for one in answers) < TIME_OUT_S
    assert set(wanted) <= receiver.stored()


def test_broker_that_is_stopped(receiver: Receiver) -> None:
    wanted = numbers()
    receiver.deliver_many(numbers())  # both processes have a connection to lose
    until(lambda: receiver.messages() == DELIVERIES)
    receiver.valkey.kill()

    answers = receiver.deliver_many(wanted, at_once=4)

    receiver.valkey.start()
    assert_taken(receiver, wanted, answers)
    until(lambda: receiver.messages() >= DELIVERIES)


def test_broker_that_hangs(receiver: Receiver) -> None:
    wanted = numbers()
    before = receiver.messages()

    with frozen(receiver.valkey.pid):
        answers = receiver.deliver_many(wanted, at_once=4)
        later = receiver.deliver_many(numbers(), at_once=4)

    assert_taken(receiver, wanted, answers)
    assert_taken(receiver, [], later)
    until(lambda: receiver.messages() >= before + 2 * DELIVERIES)


def test_port_of_the_broker_that_accepts_and_says_nothing(receiver: Receiver) -> None:
    wanted = numbers()
    receiver.valkey.kill()

    with silent_port(receiver.valkey_port()):
        answers = receiver.deliver_many(wanted, at_once=4)
        ready = receiver.web.get("/readyz")

    receiver.valkey.start()
    assert_taken(receiver, wanted, answers)
    assert ready is not None
    assert (ready.status, b"degraded" in ready.body) == (200, True)
    until(lambda: receiver.messages() >= DELIVERIES)


def test_no_process_of_the_receiver_was_replaced_meanwhile(receiver: Receiver) -> None:
    log = receiver.web.log.read_text(encoding="utf-8")

    assert log.count("Booting worker") == len(receiver.web.workers())
