"""Kills one process of the orders pool while it carries an order (SIGKILL); called by the story."""

from __future__ import annotations

import os
import signal
import time
from dataclasses import dataclass

from kombu.exceptions import OperationalError

from connector.broker import make_app
from demo.commands import Commands
from demo.errors import DemoError

ANSWER_S = 1.0
POOL = "orders"


@dataclass(frozen=True)
class Killed:
    """Who was killed while doing what."""

    pid: int
    exchange_id: int


def kill_busy_worker(redis_url: str, *, patience_s: float = 20.0) -> Killed:
    """Asks the orders pool (by Celery) who carries what, and kills the process of the youngest task.

    Raises:
        DemoError: No worker was busy in all that time.
    """
    with make_app(redis_url) as app:
        deadline = time.monotonic() + patience_s
        while time.monotonic() < deadline:
            try:
                answers = app.control.inspect(timeout=ANSWER_S, pattern=f"{POOL}@*", matcher="glob", limit=1).active()
            except OperationalError as error:
                raise DemoError(f"The broker did not answer: {error}") from error
            tasks = [task for tasks in (answers or {}).values() for task in tasks]
            for task in sorted(tasks, key=lambda one: one["time_start"], reverse=True):
                if _kill(int(task["worker_pid"])):
                    return Killed(pid=int(task["worker_pid"]), exchange_id=int(task["args"][0]))
            time.sleep(0.05)
    raise DemoError(f"No worker of the pool {POOL} was busy for {patience_s:.0f} s, so none could be killed at work.")


def attempts_of(commands: Commands, killed: Killed) -> list[str]:
    """Returns how each attempt on the killed worker's exchange ended, oldest first."""
    story = commands.read("exchanges", "show", str(killed.exchange_id))
    return [str(one["outcome"] or "cut off") for one in story["attempts"]]


def _kill(pid: int) -> bool:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return False
    return True
