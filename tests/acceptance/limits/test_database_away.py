"""The database is stopped, killed, restarted, hangs or refuses: the receiver answers 503 and nothing else, then 200 again."""

from __future__ import annotations

import time
from itertools import count

from tests.acceptance.limits.conftest import Answered, Receiver
from tests.acceptance.limits.freezing import frozen, silent_port
from tests.acceptance.limits.traffic import going_on
from tests.integration.webhook_receiver.serving import until

SHOP_WAITS_S = 60.0
"""After this the shop gives up and counts a failure (MINUTE_IN_SECONDS in class-wc-webhook.php, WooCommerce 9.9.5)."""
SECRET_FORGOTTEN_S = 31.0
"""After this a process reads the store's secret anew."""
DELIVERIES = 30
_numbers = count(1000)


def numbers(many: int = DELIVERIES) -> list[int]:
    return [next(_numbers) for _ in range(many)]


def statuses(answers: list[Answered]) -> set[int]:
    return {one.status for one in answers}


def assert_taken_again(receiver: Receiver) -> None:
    """Every delivery is taken, from every process, without a restart."""
    wanted = numbers()
    assert statuses(receiver.deliver_many(wanted)) == {200}
    assert set(wanted) <= receiver.stored()
    assert receiver.web.log.read_text(encoding="utf-8").count("Booting worker") == len(receiver.web.workers())


def test_database_that_is_stopped_in_order(receiver: Receiver) -> None:
    receiver.deliver_many(numbers())
    receiver.postgres.stop()

    answers = receiver.deliver_many(numbers())

    receiver.postgres.start()
    assert statuses(answers) == {503}
    assert_taken_again(receiver)


def test_database_killed_in_the_middle_of_requests(receiver: Receiver) -> None:
    with going_on(lambda number: receiver.deliver(number).status, _numbers, at_once=12) as answers:
        until(lambda: len(answers) > 20)
        receiver.postgres.kill()
        until(lambda: 503 in list(answers.values()))

    receiver.postgres.start()
    assert set(answers.values()) == {200, 503}
    taken = {number for number, status in answers.items() if status == 200}
    assert taken <= receiver.stored(), "what was answered 200 is there"
    assert_taken_again(receiver)


def test_database_restarted_between_two_requests_costs_no_delivery(receiver: Receiver) -> None:
    receiver.deliver_many(numbers())
    receiver.postgres.kill()
    receiver.postgres.start()

    assert_taken_again(receiver)


def test_database_restarted_while_the_secret_is_forgotten_costs_no_delivery(receiver: Receiver) -> None:
    receiver.deliver_many(numbers())
    receiver.postgres.kill()
    receiver.postgres.start()
    time.sleep(SECRET_FORGOTTEN_S)

    assert_taken_again(receiver)


def test_database_that_hangs_is_given_up_before_the_shop_gives_us_up(receiver: Receiver) -> None:
    receiver.deliver_many(numbers())

    with frozen(receiver.postgres.pid):
        answers = receiver.deliver_many(numbers(), at_once=24)
        alive = receiver.web.get("/healthz")

    assert statuses(answers) == {503}
    assert max(one.took_s for one in answers) < SHOP_WAITS_S
    assert alive is not None
    assert alive.status == 200
    assert_taken_again(receiver)


def test_port_of_the_database_that_accepts_and_says_nothing(receiver: Receiver) -> None:
    receiver.deliver_many(numbers())
    receiver.postgres.kill()

    with silent_port(receiver.postgres_port()):
        answers = receiver.deliver_many(numbers(12))

    receiver.postgres.start()
    assert statuses(answers) == {503}
    assert max(one.took_s for one in answers) < SHOP_WAITS_S
    assert_taken_again(receiver)
