"""What beat sends and how often. Turns are claimed in the ledger, so two beats or a late one change nothing."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from connector.broker import JOB_TASK
from connector.settings import Settings

SWEEP_EVERY_S = 10
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
"""When everything was last sent, for a beat that starts: else it waits for a whole turn first, after each restart anew."""


def job_every_s(settings: Settings) -> dict[str, int]:
    """Returns job name -> length of a turn in seconds."""
    return {
        "poll_orders": settings.poll_s,  # orders changed since the cursor, with an overlap of 15 minutes
        "poll_open_orders": 3600,  # all orders still open, by id: some changes leave date_modified alone
        "poll_order_status": 600,  # how far the posted orders are in M3 that are not finished
        "poll_products": 300,  # products changed in the shop, where their changes are carried
        "poll_customers": 6
        * 3600,  # all accounts of the shops that follow them: there is no list of those that changed
        "poll_refunds": 3600,  # refunds of the last weeks: a deleted one is told by nothing else
        "watch_webhooks": 300,  # the shop disables a webhook after seven failures and tells nobody
        "probe_stores": 60,  # stores paused for a wrong configuration are tried again
        "purge": 24 * 3600,  # what is older than CONNECTOR_KEEP_DAYS and no longer needed
        "hunt_orphans": 60,  # batch heads whose answer was lost
        "pull_prices": settings.poll_s,
        "pull_stock": settings.poll_s,
        # M3 tells the day of a change of an item only, so each time those of today are read anew.
        "pull_items": 5 * settings.poll_s,
        "pull_customers": 5 * settings.poll_s,  # customers changed in M3, where the shop shows them
        "pull_rates": 60,  # looks whose time of the day has come to read exchange rates
        "reconcile_daily": 60,  # looks whose time of the day has come to compare the shop with M3's books
        "seal_audit": 300,  # lines of the audit trail that are some minutes old
        "compare_daily": 60,  # looks whose slot of the day has come; the times are in the store files
    }


def queue_of(job: str) -> str:
    """Returns where a job runs: what asks a shop or M3 may hang there, and must not hold up the sweep."""
    return "system" if job in ("hunt_orphans", "purge", "seal_audit") else "polls"


def beat_schedule(settings: Settings) -> dict[str, dict[str, Any]]:
    """Returns what beat sends, in Celery's form; all of it at once when it starts."""
    jobs = {
        name: {"task": JOB_TASK, "schedule": every_s, "args": (name,), "options": {"queue": queue_of(name)}}
        for name, every_s in job_every_s(settings).items()
    }
    sweep = {"task": "sweep", "schedule": SWEEP_EVERY_S, "options": {"queue": "system"}}
    return {name: {**entry, "last_run_at": LONG_AGO} for name, entry in {"sweep": sweep, **jobs}.items()}
