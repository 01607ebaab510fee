"""What one worker process owns: its runtime, its heartbeat, its sender. Opened after the fork by workers/app.py."""

from __future__ import annotations

import os
from dataclasses import dataclass

from celery import Celery

from connector.errors import ConfigurationError
from connector.runtime import Runtime
from connector.settings import Settings
from workers.heartbeat import Heartbeat
from workers.places import Places
from workers.signature import signature


@dataclass(frozen=True)
class Process:
    """The things every task of this process shares. `name` is what leases and attempts are signed with."""

    name: str
    runtime: Runtime
    heartbeat: Heartbeat
    app: Celery
    places: Places


_opened: list[Process] = []


def open_process(settings: Settings, app: Celery, *, places: Places) -> None:
    """Opens this process's connections; called once, after the fork."""
    _opened[:] = [Process(signature(os.getpid()), Runtime(settings), Heartbeat(), app, places)]


def close_process() -> None:
    """Ends the heartbeat and closes the connections."""
    while _opened:
        process = _opened.pop()
        process.heartbeat.stop()
        process.runtime.close()
        process.places.close()


def current() -> Process:
    """Returns what this process opened."""
    if not _opened:
        raise ConfigurationError(
            "This worker process was not opened.",
            resolution="Start pools with the commands of the Procfile (celery -A workers.app worker ...).",
        )
    return _opened[0]
