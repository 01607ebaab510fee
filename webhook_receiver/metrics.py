"""What the receiver counts, for GET /metrics; used by webhook_receiver/routes.py.

Under gunicorn the counters of all its processes are added up (PROMETHEUS_MULTIPROC_DIR, see gunicorn_conf.py);
figures of the ledger are read when asked for.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping

from prometheus_client import CollectorRegistry, Counter, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from connector.errors import ConnectorError

OTHER = "other"  # keeps a sender from making a series per invented topic
LEDGER_CACHE_S = 5.0

DueByPool = Callable[[], Mapping[str, tuple[int, float]]]


class Metrics:
    """The counters of one app, and the text of all of them."""

    def __init__(self, *, due_by_pool: DueByPool, multiprocess_dir: str | None) -> None:
        """Makes the counters.

        Args:
            due_by_pool: How many exchanges are due in each pool, and the age in seconds of the oldest.
            multiprocess_dir: Where gunicorn's processes share their counters; None for one process.
        """
        self._shared = CollectorRegistry()
        self._deliveries = Counter(
            "connector_deliveries", "Genuine deliveries stored.", ["store", "topic", "outcome"], registry=self._shared
        )
        self._refused = Counter("connector_refused", "Requests that were refused.", ["reason"], registry=self._shared)
        self._pings = Counter("connector_pings", "Unsigned pings answered.", registry=self._shared)
        self._multiprocess_dir = multiprocess_dir
        self._ledger = LedgerFigures(due_by_pool)

    def stored(self, store: str, *, topic: str, has_flow: bool) -> None:
        """Counts a stored delivery; topics nobody listens to are counted together."""
        topic, outcome = (topic, "queued") if has_flow else (OTHER, "noted")
        self._deliveries.labels(store=store, topic=topic, outcome=outcome).inc()

    def refused(self, reason: str) -> None:
        """Counts a request answered 4xx or 5xx."""
        self._refused.labels(reason=reason).inc()

    def ping(self) -> None:
        """Counts an unsigned ping."""
        self._pings.inc()

    def text(self) -> bytes:
        """Returns everything in the exposition format of Prometheus."""
        registry = self._shared
        if self._multiprocess_dir:
            registry = CollectorRegistry()
            MultiProcessCollector(registry, path=self._multiprocess_dir)  # type: ignore[no-untyped-call]  # theirs
        ledger = CollectorRegistry()
        ledger.register(self._ledger)
        return generate_latest(registry) + generate_latest(ledger)


class LedgerFigures(Collector):
    """Figures read from the ledger, at most once in a few seconds: anybody may ask for the page."""

    def __init__(self, due_by_pool: DueByPool) -> None:
        self._due_by_pool = due_by_pool
        self._known: Mapping[str, tuple[int, float]] | None = None
        self._read_at = -LEDGER_CACHE_S

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Yields the figures; while the ledger is away only that it is."""
        if time.monotonic() - self._read_at >= LEDGER_CACHE_S:
            self._known, self._read_at = self._read(), time.monotonic()
        yield GaugeMetricFamily("connector_ledger_up", "1 if the ledger answers.", value=self._known is not None)
        if self._known is None:
            return
        due = GaugeMetricFamily("connector_exchanges_due", "Exchanges that wait to be run.", labels=["pool"])
        age = GaugeMetricFamily("connector_oldest_due_seconds", "Age of the oldest of them.", labels=["pool"])
        for pool, (count, oldest_s) in self._known.items():
            due.add_metric([pool], count)
            age.add_metric([pool], oldest_s)
        yield due
        yield age

    def _read(self) -> Mapping[str, tuple[int, float]] | None:
        try:
            return self._due_by_pool()
        except ConnectorError:
            return None
