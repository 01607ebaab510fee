"""The last look before a write leaves the gate."""

from __future__ import annotations

import pytest
import redis

from connector.errors import NotYetError
from connector.ledger.leases import FRESH_LEASE_S, Lease
from connector.throttle.gate import Gate
from connector.throttle.guard import sending_only_if


def gate_of(valkey_url: str, *, concurrency: int = 1) -> Gate:
    client = redis.Redis.from_url(valkey_url)
    return Gate(client, endpoint="test", requests_per_s=1000, concurrency=concurrency, slot_lease_s=30)


def test_call_leaves_while_the_lease_is_fresh(valkey_url: str) -> None:
    sent = []

    with sending_only_if(Lease().require_fresh), gate_of(valkey_url).call():
        sent.append(1)

    assert sent == [1]


def test_call_whose_lease_grew_old_at_the_gate_does_not_leave_and_frees_its_slot(valkey_url: str) -> None:
    gate = gate_of(valkey_url)
    old = Lease()
    old.renewed_at_s -= FRESH_LEASE_S
    sent = []

    with pytest.raises(NotYetError), sending_only_if(old.require_fresh), gate.call():
        sent.append(1)
    with gate.call(wait_s=0.1):  # the only slot is free again
        sent.append(2)

    assert sent == [2]


def test_reads_outside_the_block_are_not_asked(valkey_url: str) -> None:
    old = Lease(is_lost=True)
    with sending_only_if(Lease().require_fresh):
        pass

    with gate_of(valkey_url).call():
        assert old.is_lost
