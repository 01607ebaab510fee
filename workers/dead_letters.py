"""Tells people about dead letters, paused stores and flows, and failing jobs: log lines, and apprise where configured."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence

import structlog

from connector.ledger.alerts import DeadLetterGroup, take_paused, take_untold, untell, untell_paused
from connector.ledger.job_troubles import (
    TroubleGroup,
    take_untold_troubles,
    take_untold_wells,
    untell_troubles,
    untell_wells,
)
from connector.ledger.pauses import FlowPause, take_untold_pauses, untell_pauses
from connector.ledger.session import transaction
from workers.process import Process

TITLE = "Connector: orders wait for a person"
NOTIFY_LIMIT_S = 60
log = structlog.get_logger()


def alert(process: Process) -> str:
    """Tells of all dead letters and paused stores not told of yet; stamps in the ledger make sure that each is told once.

    The stamps are committed first, so that no row is held while the message is on its way; if it cannot be sent they are
    taken back, and the sweeper tries again.
    """
    engine = process.runtime.engine
    with transaction(engine) as connection:
        groups, paused = take_untold(connection), take_paused(connection)
        pauses = take_untold_pauses(connection)
        troubles, wells = take_untold_troubles(connection), take_untold_wells(connection)
    for group in groups:
        log.error(
            "dead_letters",
            store=group.store,
            flow=group.flow,
            code=group.reason_code,
            exchange_ids=list(group.exchange_ids),
            reason=group.example,
        )
    for pause in pauses:
        log.error("flow_paused", store=pause.store, flow=pause.flow, reason=pause.reason)
    for trouble in troubles:
        log.error("jobs_fail", store=trouble.store, jobs=trouble.jobs, code=trouble.code, reason=trouble.reason)
    lines = [
        *_told(groups),
        *_told_of_stores(paused),
        *_told_of_flows(pauses),
        *_told_of_jobs(troubles),
        *_told_of_wells(wells),
    ]
    if not lines or _notify(process.runtime.settings.alert_urls, lines):
        count = sum(len(group.exchange_ids) for group in groups)
        return f"told of {count} and {len(paused)} paused stores" + (f", {len(pauses)} flows" if pauses else "")
    with transaction(engine) as connection:
        untell(connection, groups)
        untell_paused(connection, [name for name, _ in paused])
        untell_pauses(connection, pauses)
        untell_troubles(connection, troubles)
        untell_wells(connection, wells)
    return "the alert could not be delivered; it is tried again"


def _told(groups: Sequence[DeadLetterGroup]) -> list[str]:
    return [
        f"{group.store} {group.flow}: {len(group.exchange_ids)} x {group.reason_code} (exchange {group.exchange_ids[0]}). "
        f"{group.example} {group.resolution}"
        for group in groups
    ]


def _told_of_stores(paused: Sequence[tuple[str, str]]) -> list[str]:
    return [f"Store {name} is paused: {reason}" for name, reason in paused]


def _told_of_flows(pauses: Sequence[FlowPause]) -> list[str]:
    return [f"{one.flow} of store {one.store} stands still: {one.reason} {one.resolution}" for one in pauses]


def _told_of_jobs(troubles: Sequence[TroubleGroup]) -> list[str]:
    return [
        f"{_whose(one)}{', '.join(one.jobs)}: failing since {one.since:%Y-%m-%d %H:%M} UTC, {one.count} times in a row "
        f"({one.code}). {one.reason} {one.resolution}"
        for one in troubles
    ]


def _told_of_wells(wells: Sequence[TroubleGroup]) -> list[str]:
    return [
        f"{_whose(one)}{', '.join(one.jobs)}: well again; failed {one.count} times from {one.since:%Y-%m-%d %H:%M} UTC on "
        f"({one.code})."
        for one in wells
    ]


def _whose(group: TroubleGroup) -> str:
    return f"{group.store} " if group.store else ""


def _notify(urls: tuple[str, ...], lines: Sequence[str]) -> bool:
    """Sends through a process of its own: the notification library is too heavy for every worker to carry."""
    if not urls:
        return True
    message = json.dumps({"urls": urls, "title": TITLE, "body": "\n".join(lines)})
    try:
        sent = subprocess.run(
            [sys.executable, "-m", "workers.notify"], input=message, text=True, timeout=NOTIFY_LIMIT_S, check=False
        )
    except subprocess.TimeoutExpired:
        return False
    return sent.returncode == 0
