"""The tasks Celery can run: one line of translation each. Decisions are in workers/base.py, sweeper.py and schedule.py."""

from __future__ import annotations

from celery import shared_task
from celery.exceptions import Reject, Retry

from connector.broker import ALERT_TASK, JOB_TASK, RUN_TASK
from connector.ledger.tables import State
from workers import dead_letters, sweeper
from workers.jobs import run_turn
from workers.process import current
from workers.turns import run_message


class Waits(Exception):  # noqa: N818 - Flower shows this name before the reason, and it is no error
    """Why an exchange waits: Flower shows the exception of a RETRY and nothing else of it."""


@shared_task(name=RUN_TASK)  # type: ignore[untyped-decorator] # celery ships no types
def run(exchange_id: int) -> str:
    """Runs one exchange. Flower shows a waiting one as RETRY (nothing is sent again: the ledger waits), a dead one as rejected."""
    ended = run_message(current(), exchange_id)
    if ended.state in (State.WAITING, State.BLOCKED):
        text = f"exchange {exchange_id} {ended.text}"
        raise Retry(text, exc=Waits(text), when=ended.next_in_s)
    if ended.state is State.DEAD_LETTER:
        raise Reject(f"exchange {exchange_id} {ended.text}", requeue=False)
    return ended.text


@shared_task(name=ALERT_TASK)  # type: ignore[untyped-decorator] # celery ships no types
def alert(exchange_id: int) -> str:
    """Tells people about dead letters not yet told of."""
    return dead_letters.alert(current())


@shared_task(name="sweep")  # type: ignore[untyped-decorator] # celery ships no types
def sweep() -> str:
    """Takes expired leases back and sends what is due."""
    return sweeper.sweep(current())


@shared_task(name=JOB_TASK)  # type: ignore[untyped-decorator] # celery ships no types
def job(name: str) -> str:
    """Runs the present turn of a periodic job, if nobody has it."""
    return run_turn(current(), name)
