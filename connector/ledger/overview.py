"""How the whole stands: pools, states, reasons, polls, workers, stores. Read by `connector status`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

from connector.ledger.dispatch import due_by_pool
from connector.ledger.job_troubles import JobTrouble, list_troubles
from connector.ledger.offer_listing import OfferCount, offer_counts
from connector.ledger.pauses import FlowPause, paused_flows
from connector.ledger.reconciliations import ReconciledStore, reconciled_stores
from connector.ledger.stores import list_stores

ACTIVE_WORKER_MIN = 15


@dataclass(frozen=True)
class PoolRow:
    """One pool: what is due and how long the oldest has been, what runs, and which workers were seen lately."""

    pool: str
    due: int
    oldest_due_s: float
    running: int
    workers: int  # that began an attempt in the last ACTIVE_WORKER_MIN minutes or run one now


@dataclass(frozen=True)
class StateCount:
    """How many exchanges of a store and flow are in a state."""

    store: str
    flow: str
    state: str
    count: int


@dataclass(frozen=True)
class ReasonCount:
    """How many dead letters have the same kind of reason, with one of them as an example."""

    store: str
    reason_code: str
    count: int
    example_id: int
    example_reason: str
    resolution: str


@dataclass(frozen=True)
class PollRow:
    """How far a poll has surely read, when that last moved, and how far one under way has come (None: none is)."""

    store: str
    name: str
    value: str
    moved_at: datetime
    age_s: float
    under_way_since: datetime | None
    at_id: int | None


@dataclass(frozen=True)
class JobRow:
    """A periodic job and when it last came to its end; old times mean that beat or the polls pool is down."""

    job: str
    done_at: datetime
    age_s: float


@dataclass(frozen=True)
class PausedRow:
    """A store that stands still, by whom and why."""

    store: str
    paused_by: str
    reason: str
    probe_at: datetime | None


@dataclass(frozen=True)
class Overview:
    """Everything `connector status` shows."""

    now: datetime
    stores: tuple[str, ...]
    pools: tuple[PoolRow, ...]
    states: tuple[StateCount, ...]
    dead_letters: tuple[ReasonCount, ...]
    paused: tuple[PausedRow, ...]
    paused_flows: tuple[FlowPause, ...]
    troubles: tuple[JobTrouble, ...]
    items: tuple[OfferCount, ...]
    reconciled: tuple[ReconciledStore, ...]
    polls: tuple[PollRow, ...]
    jobs: tuple[JobRow, ...]


_STATES = text("SELECT store, flow, state, count(*) AS count FROM exchange GROUP BY 1, 2, 3 ORDER BY 1, 2, 3")
_REASONS = text("""
SELECT store, reason_code, count(*) AS count, max(id) AS example_id,
       (array_agg(reason ORDER BY id DESC))[1] AS example_reason,
       (array_agg(resolution ORDER BY id DESC))[1] AS resolution
FROM exchange WHERE state = 'dead_letter' GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2
""")
_PAUSED = text("""
SELECT name AS store, paused_by, coalesce(paused_reason, '') AS reason, probe_at
FROM store WHERE paused_by IS NOT NULL ORDER BY name
""")
_POLLS = text("""
SELECT store, name, value, moved_at, extract(epoch FROM ledger_now() - moved_at)::float AS age_s,
       CAST(progress ->> 'started_at' AS timestamptz) AS under_way_since, CAST(progress ->> 'last_id' AS bigint) AS at_id
FROM cursor WHERE left(value, 1) <> '{' ORDER BY store, name
""")  # beside polls the table keeps what was learnt of M3, as JSON
_JOBS = text("""
SELECT job, max(done_at) AS done_at, extract(epoch FROM ledger_now() - max(done_at))::float AS age_s
FROM slot WHERE done_at IS NOT NULL GROUP BY job ORDER BY job
""")
_RUNNING = text("SELECT pool, count(*) AS running FROM exchange WHERE state = 'running' GROUP BY pool")
_WORKERS = text("""
SELECT e.pool, count(DISTINCT a.worker) AS workers
FROM attempt a JOIN exchange e ON e.id = a.exchange_id
WHERE a.started_at > ledger_now() - make_interval(mins => :minutes) OR (a.ended_at IS NULL AND e.state = 'running'
      AND e.claim_no = a.claim_no)
GROUP BY e.pool
""")
_NOW = text("SELECT ledger_now()")


def read_overview(connection: Connection) -> Overview:
    """Returns the present state of everything, from one moment's view of the ledger."""
    return Overview(
        now=connection.execute(_NOW).scalar_one(),
        stores=tuple(row.name for row in list_stores(connection)),
        pools=_pools(connection),
        states=tuple(StateCount(**row) for row in connection.execute(_STATES).mappings()),
        dead_letters=tuple(ReasonCount(**row) for row in connection.execute(_REASONS).mappings()),
        paused=tuple(PausedRow(**row) for row in connection.execute(_PAUSED).mappings()),
        paused_flows=tuple(paused_flows(connection)),
        troubles=tuple(list_troubles(connection)),
        items=tuple(offer_counts(connection)),
        reconciled=tuple(reconciled_stores(connection)),
        polls=tuple(PollRow(**row) for row in connection.execute(_POLLS).mappings()),
        jobs=tuple(JobRow(**row) for row in connection.execute(_JOBS).mappings()),
    )


def _pools(connection: Connection) -> tuple[PoolRow, ...]:
    due = due_by_pool(connection)
    running = {row.pool: row.running for row in connection.execute(_RUNNING)}
    workers = {row.pool: row.workers for row in connection.execute(_WORKERS, {"minutes": ACTIVE_WORKER_MIN})}
    return tuple(
        PoolRow(
            pool,
            due=due.get(pool, (0, 0.0))[0],
            oldest_due_s=round(due.get(pool, (0, 0.0))[1], 1),
            running=running.get(pool, 0),
            workers=workers.get(pool, 0),
        )
        for pool in sorted({*due, *running, *workers})
    )
