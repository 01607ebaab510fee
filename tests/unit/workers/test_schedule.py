"""What beat sends: everything at once when it starts, so that one that is restarted again and again starves nothing."""

from __future__ import annotations

import pytest
from celery.beat import Scheduler

from connector.broker import make_app
from connector.settings import Settings
from workers.schedule import beat_schedule

SETTINGS = Settings(DATABASE_URL="postgresql://nobody", REDIS_URL="redis://nobody")


@pytest.mark.parametrize("name", beat_schedule(SETTINGS))
def test_everything_is_due_when_beat_starts(name: str) -> None:
    app = make_app(SETTINGS.redis_url)
    app.conf.beat_schedule = beat_schedule(SETTINGS)
    scheduler = Scheduler(app=app, lazy=True)
    scheduler.setup_schedule()

    entry = scheduler.schedule[name]

    assert entry.is_due().is_due
    assert not next(entry).is_due().is_due
