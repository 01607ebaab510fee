"""The Celery application of the pools: every option with its reason. Started by the Procfile's worker, beat and flower lines."""

from __future__ import annotations

import sys
from typing import Any

from celery.signals import (
    celeryd_after_setup,
    setup_logging,
    worker_process_init,
    worker_process_shutdown,
    worker_ready,
)

from connector.broker import TASK_HARD_LIMIT_S, make_app
from connector.errors import ConfigurationError
from connector.logs import configure_logs
from connector.settings import Settings, read_settings
from workers import process
from workers.places import Places
from workers.schedule import beat_schedule
from workers.shutdown import SOFT_S, bound_shutdown


def _settings() -> Settings:
    """Reads the settings; wrong ones end the process with what to do, where Celery would show a traceback."""
    try:
        return read_settings()
    except ConfigurationError as error:
        sys.exit(f"Error: {error.message}\nWhat to do: {error.resolution}")


settings = _settings()
app = make_app(settings.redis_url)
app.conf.update(
    include=["workers.tasks"],
    # A message is given back if its worker dies while running it (celery #1628, #5598); whether it runs again is decided
    # by the claim in the ledger, so a second delivery is harmless.
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    # A failure or a time-out is written in the ledger; redelivering the message would only spin (celery #9082).
    task_acks_on_failure=True,
    task_acks_on_timeout=True,
    # One message at a time: a slow exchange must not hold others in its pocket (celery #7718).
    worker_prefetch_multiplier=1,
    task_time_limit=TASK_HARD_LIMIT_S,
    # No countdown is ever used (celery #3270); should one slip in, it may not pile up in memory (celery #9849).
    worker_eta_task_limit=100,
    # PaaS: SIGTERM, 30 s, SIGKILL. With REMAP_SIGTERM=SIGQUIT a soft shutdown lets running steps end and gives the
    # rest of the messages back; measured elsewhere at 5.7 s for 5 s of grace. An idle pool ends at once: waiting would
    # only protect messages with a countdown, and there are none.
    worker_soft_shutdown_timeout=SOFT_S,
    worker_enable_soft_shutdown_on_idle=False,
    # After a lost broker connection the run goes on: its lease is in PostgreSQL, not in the broker.
    worker_cancel_long_running_tasks_on_connection_loss=False,
    # Memory: a child is renewed now and then (celery #4125).
    worker_max_tasks_per_child=1000,
    worker_max_memory_per_child=300_000,
    # Flower lives on events.
    worker_send_task_events=True,
    # Our own log format; Celery must not replace it.
    worker_hijack_root_logger=False,
    worker_redirect_stdouts=False,
    beat_schedule=beat_schedule(settings),
    # The schedule is plain intervals; turns are claimed in the ledger, so nothing has to be remembered on disk.
    beat_scheduler="celery.beat:Scheduler",
    beat_max_loop_interval=5,
)


@setup_logging.connect  # type: ignore[untyped-decorator] # celery ships no types
def _use_our_logs(**_: Any) -> None:
    configure_logs(settings.log_level)


@celeryd_after_setup.connect  # type: ignore[untyped-decorator] # celery ships no types
def _make_places(instance: Any, **_: Any) -> None:
    """Makes what the pool's processes share, before they are forked."""
    app.places = Places(instance.concurrency)


@worker_ready.connect  # type: ignore[untyped-decorator] # celery ships no types
def _bound_shutdown(sender: Any, **_: Any) -> None:
    """Once: a pool is ready again after each lost broker connection."""
    worker_ready.disconnect(_bound_shutdown)
    bound_shutdown(lambda: sender.pool.info["processes"])


@worker_process_init.connect  # type: ignore[untyped-decorator] # celery ships no types
def _open_process(**_: Any) -> None:
    """Opens connections after the fork, never before (celery #1564)."""
    process.open_process(settings, app, places=app.places)


@worker_process_shutdown.connect  # type: ignore[untyped-decorator] # celery ships no types
def _close_process(**_: Any) -> None:
    process.close_process()
