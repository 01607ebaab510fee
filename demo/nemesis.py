"""Kills one process of the orders pool while it carries an order (SIGKILL); called by the story."""

from __future__ import annotations

import os
import signal
import time
from dataclasses import dataclass
from typing import Any

from celery import Celery
from kombu.exceptions import OperationalError

from connector.broker import make_app
from demo.commands import Commands
from demo.errors import DemoError

ANSWER_S = 1.0
POOL = "orders"
SETTLED_S = 0.15
"""In this time the pool's main process has read the result of a task that was just finished."""


@dataclass(frozen=True)
class Killed:
    """Who was killed while doing what."""

    pid: int
    exchange_id: int


def kill_busy_worker(redis_url: str, *, patience_s: float = 20.0) -> Killed:
    """Kills the process of the orders pool that began its task last, in the middle of it.

    The process is stopped first (SIGSTOP) and Celery asked again whether its task is still running: a run takes a few
    tenths of a second, and a process killed between two tasks would prove nothing.

    Raises:
        DemoError: No worker was busy in all that time.
    """
    with make_app(redis_url) as app:
        deadline = time.monotonic() + patience_s
        while time.monotonic() < deadline:
            for task in sorted(_active(app), key=lambda one: one["time_start"], reverse=True):
                pid = int(task["worker_pid"])
                if not _signal(pid, signal.SIGSTOP):
                    continue
                time.sleep(SETTLED_S)
                if any(one["id"] == task["id"] for one in _active(app)) and _signal(pid, signal.SIGKILL):
                    return Killed(pid=pid, exchange_id=int(task["args"][0]))
                _signal(pid, signal.SIGCONT)
            time.sleep(0.05)
    raise DemoError(f"No worker of the pool {POOL} was busy for {patience_s:.0f} s, so none could be killed at work.")


def attempts_of(commands: Commands, killed: Killed) -> list[str]:
    """Returns how each attempt on the killed worker's exchange ended, oldest first."""
    story = commands.read("exchanges", "show", str(killed.exchange_id))
    return [str(one["outcome"] or "cut off") for one in story["attempts"]]


def _active(app: Celery) -> list[dict[str, Any]]:
    """Returns the running tasks of the orders pool, as its main process knows them."""
    try:
        answers = app.control.inspect(timeout=ANSWER_S, pattern=f"{POOL}@*", matcher="glob", limit=1).active()
    except OperationalError as error:
        raise DemoError(f"The broker did not answer: {error}") from error
    return [task for tasks in (answers or {}).values() for task in tasks]


def _signal(pid: int, number: int) -> bool:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return False
    return True
