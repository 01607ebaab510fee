"""Tells people about dead letters: a log line for each group, and an apprise message where one is configured."""

from __future__ import annotations

import json
import subprocess
import sys

import structlog

from connector.ledger.alerts import DeadLetterGroup, take_untold
from connector.ledger.session import transaction
from workers.process import Process

TITLE = "Connector: orders wait for a person"
NOTIFY_LIMIT_S = 60
log = structlog.get_logger()


def alert(process: Process) -> str:
    """Tells of all dead letters not told of yet, grouped; `alerted_at` in the ledger makes sure that each is told once.

    If the message cannot be sent, the stamps are rolled back and the sweeper tries again.
    """
    with transaction(process.runtime.engine) as connection:
        groups = take_untold(connection)
        for group in groups:
            log.error(
                "dead_letters",
                store=group.store,
                flow=group.flow,
                code=group.reason_code,
                exchange_ids=list(group.exchange_ids),
                reason=group.example,
            )
        if groups and not _notify(process.runtime.settings.alert_urls, groups):
            connection.rollback()
            return "the alert could not be delivered; it is tried again"
    return f"told of {sum(len(group.exchange_ids) for group in groups)}"


def _notify(urls: tuple[str, ...], groups: list[DeadLetterGroup]) -> bool:
    """Sends through a process of its own: the notification library is too heavy for every worker to carry."""
    if not urls:
        return True
    lines = [
        f"{group.store} {group.flow}: {len(group.exchange_ids)} x {group.reason_code} (exchange {group.exchange_ids[0]}). "
        f"{group.example} {group.resolution}"
        for group in groups
    ]
    message = json.dumps({"urls": urls, "title": TITLE, "body": "\n".join(lines)})
    sent = subprocess.run(
        [sys.executable, "-m", "workers.notify"], input=message, text=True, timeout=NOTIFY_LIMIT_S, check=False
    )
    return sent.returncode == 0
