"""What happens to a message on its way is drawn from a seed."""

from sandbox.clock import SystemClock
from sandbox.m3.events.message import Message
from sandbox.m3.events.outbox import Outbox
from sandbox.m3.events.settings import EventSettings


class Stopped(SystemClock):
    def __init__(self) -> None:
        self.at_s = 0.0

    def monotonic(self) -> float:
        return self.at_s


def filled(clock: Stopped, **settings: object) -> Outbox:
    outbox = Outbox(EventSettings.model_validate({"event_url": "http://x", **settings}), seed=1, clock=clock)
    for number in range(50):
        outbox.put("MITBAL", None, str(number).encode())
    return outbox


def emptied(outbox: Outbox) -> list[Message]:
    taken = []
    while (message := outbox.take(early=True)) is not None:
        outbox.accept(message)
        taken.append(message)
    return taken


def test_without_faults_messages_leave_in_order_and_at_once() -> None:
    outbox = filled(Stopped())

    assert [int(message.payload) for message in emptied(outbox)] == list(range(50))
    assert outbox.counts()["accepted"] == outbox.counts()["made"] == 50


def test_faults_are_repeated_by_the_seed() -> None:
    faults = {"lose": 0.2, "double": 0.3, "reorder": 0.3}

    runs = [[(message.payload, message.message_id) for message in emptied(filled(Stopped(), **faults))] for _ in "ab"]

    numbers = [int(payload) for payload, _ in runs[0]]
    assert runs[0] == runs[1]
    assert numbers != sorted(numbers)
    assert len(set(numbers)) < 50 < len(numbers) + 20


def test_doubled_message_keeps_its_id_or_gets_another() -> None:
    messages = emptied(filled(Stopped(), double=1))

    ids = [
        len({one.message_id for one in messages if one.payload == payload}) for payload in {m.payload for m in messages}
    ]
    assert len(messages) == 100
    assert set(ids) == {1, 2}


def test_delayed_message_waits_until_it_is_due() -> None:
    clock = Stopped()
    outbox = filled(clock, delay_s=[5, 5])

    assert outbox.take() is None
    clock.at_s = 5
    assert outbox.take() is not None
