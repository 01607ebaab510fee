"""What /metrics shows."""

from __future__ import annotations

from collections.abc import Mapping

from connector.errors import LedgerUnavailableError
from webhook_receiver.metrics import Metrics


class Ledger:
    """Counts how often it is asked."""

    def __init__(self, *, is_away: bool = False) -> None:
        self.asked = 0
        self._is_away = is_away

    def __call__(self) -> Mapping[str, tuple[int, float]]:
        self.asked += 1
        if self._is_away:
            raise LedgerUnavailableError("The ledger database cannot be reached.")
        return {"orders": (3, 12.5)}


def test_deliveries_are_counted_by_store_topic_and_outcome() -> None:
    metrics = Metrics(due_by_pool=Ledger(), multiprocess_dir=None)
    metrics.stored("shop1", topic="order.updated", has_flow=True)
    metrics.stored("shop1", topic="order.updated", has_flow=True)

    text = metrics.text().decode()

    assert 'connector_deliveries_total{outcome="queued",store="shop1",topic="order.updated"} 2.0' in text


def test_invented_topics_make_no_series_of_their_own() -> None:
    metrics = Metrics(due_by_pool=Ledger(), multiprocess_dir=None)
    for number in range(20):
        metrics.stored("shop1", topic=f"invented.{number}", has_flow=False)

    text = metrics.text().decode()

    assert 'connector_deliveries_total{outcome="noted",store="shop1",topic="other"} 20.0' in text
    assert "invented" not in text


def test_refusals_and_pings_are_counted() -> None:
    metrics = Metrics(due_by_pool=Ledger(), multiprocess_dir=None)
    metrics.refused("wrong_signature")
    metrics.ping()

    text = metrics.text().decode()

    assert 'connector_refused_total{reason="wrong_signature"} 1.0' in text
    assert "connector_pings_total 1.0" in text


def test_the_ledger_is_asked_once_however_often_the_page_is() -> None:
    ledger = Ledger()
    metrics = Metrics(due_by_pool=ledger, multiprocess_dir=None)

    texts = [metrics.text().decode() for _ in range(10)]

    assert ledger.asked <= 1
    assert 'connector_exchanges_due{pool="orders"} 3.0' in texts[-1]
    assert 'connector_oldest_due_seconds{pool="orders"} 12.5' in texts[-1]


def test_without_the_ledger_the_page_still_answers_and_says_so() -> None:
    text = Metrics(due_by_pool=Ledger(is_away=True), multiprocess_dir=None).text().decode()

    assert "connector_ledger_up 0.0" in text
    assert "connector_exchanges_due" not in text
