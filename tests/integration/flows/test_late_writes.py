"""A worker stopped just before it sends, and woken after its lease: the write leaves, and what it did is put right."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from unittest.mock import patch

import pytest

from connector.woocommerce.client import WooClient
from tests.harness import SETTLED_S
from tests.integration.flows.crashing import KilledError
from tests.integration.flows.story import Story

WRITE_BACK = "SELECT * FROM exchange WHERE flow = 'order_status_to_woo'"


def stopped_before(
    write: Callable[..., Any], meanwhile: Callable[[], None], *, afterwards: Callable[[], None]
) -> Callable[..., Any]:
    """Returns the same write by a worker that stands still before its first byte while everybody else goes on."""
    stops = iter([meanwhile])

    def sends(self: WooClient, *args: Any, **kwargs: Any) -> Any:
        stop = next(stops, None)
        if stop is None:
            return write(self, *args, **kwargs)
        stop()
        answer = write(self, *args, **kwargs)
        afterwards()
        return answer

    return sends


def killed_after(write: Callable[..., Any]) -> Callable[..., Any]:
    """Returns the same write by a worker that is killed before it can note the answer."""

    def sends(*args: Any, **kwargs: Any) -> Any:
        write(*args, **kwargs)
        raise KilledError

    return sends


def test_note_of_a_worker_that_wakes_late_is_taken_back(common: Story) -> None:
    order = common.place()
    connector = common.connector
    others = connector.another_process("test:other")
    told: list[int] = []

    def meanwhile() -> None:
        (held,) = connector.rows(WRITE_BACK)
        connector.let_lease_expire()
        connector.pass_time(SETTLED_S)
        connector.run_as(others, held["id"])
        count()

    def count() -> None:
        told.append(len(connector.notes(order["id"])))

    with patch.object(WooClient, "add_note", stopped_before(WooClient.add_note, meanwhile, afterwards=count)):
        common.go_on()

    assert told == [1, 2], "the worker that woke sent its note, too"
    assert connector.notes(order["id"]) == [f"M3 order {common.orders()[0]['orno']}"]
    (held,) = connector.rows(WRITE_BACK)
    assert held["state"] == "done"
    assert held["reason"].startswith(f"the shop knows {common.orders()[0]['orno']}")
    (audited,) = connector.rows("SELECT why FROM audit WHERE action = 'DELETE order note'")
    assert audited["why"] == "told twice"
    others.heartbeat.stop()
    others.runtime.close()


def test_note_of_a_worker_that_wakes_late_is_taken_back_though_the_other_was_killed_after_its_own(
    common: Story,
) -> None:
    order = common.place()
    connector = common.connector
    others = connector.another_process("test:other")
    write = WooClient.add_note

    def meanwhile() -> None:
        (held,) = connector.rows(WRITE_BACK)
        connector.let_lease_expire()
        connector.pass_time(SETTLED_S)
        with patch.object(WooClient, "add_note", killed_after(write)), pytest.raises(KilledError):
            connector.run_as(others, held["id"])

    with patch.object(WooClient, "add_note", stopped_before(write, meanwhile, afterwards=connector.let_lease_expire)):
        common.go_on()

    assert connector.notes(order["id"]) == [f"M3 order {common.orders()[0]['orno']}"]
    (held,) = connector.rows(WRITE_BACK)
    assert held["state"] == "done"
    (audited,) = connector.rows("SELECT why FROM audit WHERE action = 'DELETE order note'")
    assert audited["why"] == "told twice"
    others.heartbeat.stop()
    others.runtime.close()
