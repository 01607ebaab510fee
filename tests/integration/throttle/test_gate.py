"""The gate against a real Valkey: rate, slots, breaker, pauses, and life without Redis."""

from __future__ import annotations

import re
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing

import pytest
import redis
from structlog.testing import capture_logs

from connector.errors import (
    BreakerOpenError,
    M3RejectedError,
    OutcomeUnknownError,
    RateLimitedError,
    RemoteUnavailableError,
)
from connector.throttle import gate as gate_module
from connector.throttle.gate import Gate

REFUSED = M3RejectedError("no", program="OIS100MI", transaction="Confirm")
SICK = RemoteUnavailableError("HTTP 503")


@pytest.fixture
def valkey(valkey_url: str) -> Iterator[redis.Redis]:
    with closing(redis.Redis.from_url(valkey_url)) as client:
        yield client


def make_gate(
    client: redis.Redis,
    *,
    rate: float = 1000,
    concurrency: int = 4,
    lease_s: float = 10,
    endpoint: str = "m3:ACME",
    failing_s: float = 0,
) -> Gate:
    limits = {"requests_per_s": rate, "slot_lease_s": lease_s, "failing_s": failing_s}
    return Gate(client, endpoint=endpoint, concurrency=concurrency, **limits)


def fail(gate: Gate, times: int, error: Exception = SICK) -> None:
    for _ in range(times):
        with pytest.raises(type(error)), gate.call():
            raise error


def slots(client: redis.Redis) -> int:
    return int(client.zcard("gate:{m3:ACME}:slots"))


def server_ms(client: redis.Redis) -> int:
    seconds, microseconds = client.time()  # type: ignore[misc]  # synchronous
    return int(seconds) * 1000 + int(microseconds) // 1000


def test_a_call_passes_and_leaves_nothing_behind(valkey: redis.Redis) -> None:
    with make_gate(valkey).call():
        assert slots(valkey) == 1

    assert slots(valkey) == 0
    assert 0 < valkey.pttl("gate:{m3:ACME}:state") <= 3600 * 1000


def test_a_call_costs_two_round_trips(valkey: redis.Redis) -> None:
    gate = make_gate(valkey)
    with gate.call():
        pass  # loads both scripts
    before = valkey.info("commandstats")

    with gate.call():
        pass

    after = valkey.info("commandstats")
    from_us = [name for name in ("cmdstat_evalsha", "cmdstat_eval", "cmdstat_script|load") if name in after]
    calls = {name: after[name]["calls"] - before.get(name, {"calls": 0})["calls"] for name in from_us}
    assert calls["cmdstat_evalsha"] == 2
    assert sum(calls.values()) == 2


def test_the_rate_is_smooth_after_the_first_second_and_shared_by_all_gates(valkey: redis.Redis) -> None:
    gates = [make_gate(valkey, rate=20, concurrency=50) for _ in range(2)]
    started = time.monotonic()

    for number in range(30):
        with gates[number % 2].call(wait_s=30):
            pass

    assert time.monotonic() - started >= 0.45  # twenty at once, the last ten wait for their turn, 50 ms apart


def test_one_seconds_worth_passes_at_once_and_each_further_call_is_due_an_interval_later(valkey: redis.Redis) -> None:
    gate = make_gate(valkey, rate=20, concurrency=50)
    began_ms = server_ms(valkey)

    for _ in range(20):
        with gate.call():
            pass
    due_ms = float(valkey.hget("gate:{m3:ACME}:state", "next") or 0)  # type: ignore[arg-type]  # synchronous

    # Each call moves it by 50 ms, and a call after a pause begins at now: so it lies in between, however slow the machine is.
    assert began_ms + 20 * 50 <= due_ms <= server_ms(valkey) + 20 * 50


def test_who_would_have_to_wait_too_long_for_the_rate_is_told_when_to_come_back(valkey: redis.Redis) -> None:
    gate = make_gate(valkey, rate=0.01)
    with gate.call():
        pass

    with pytest.raises(RateLimitedError, match="the limit of requests") as refused, gate.call(wait_s=0.1):
        pytest.fail("let through")

    assert 70 < refused.value.retry_after_s <= 100


def test_no_more_calls_than_slots_are_under_way_at_once(valkey: redis.Redis) -> None:
    gates = [make_gate(valkey, concurrency=2, lease_s=120) for _ in range(6)]
    under_way: list[int] = []
    count, lock = 0, threading.Lock()
    pair = threading.Barrier(2)  # nobody leaves alone: what two may do at once, two do at once

    def work(gate: Gate) -> None:
        nonlocal count
        with gate.call(wait_s=60):
            with lock:
                count += 1
                under_way.append(count)
            pair.wait(timeout=60)
            with lock:
                count -= 1

    threads = [threading.Thread(target=work, args=(gate,)) for gate in gates]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)

    assert max(under_way) == 2
    assert len(under_way) == 6


def test_without_a_free_slot_in_time_the_call_is_refused(valkey: redis.Redis) -> None:
    gate = make_gate(valkey, concurrency=1)

    with gate.call(), pytest.raises(RateLimitedError, match="all slots"), gate.call(wait_s=0.1):
        pytest.fail("let through")


def test_the_slot_of_a_killed_worker_comes_back_when_its_lease_ends(valkey: redis.Redis) -> None:
    killed = make_gate(valkey, concurrency=1, lease_s=3).call()
    killed.__enter__()  # and never leaves

    with pytest.raises(RateLimitedError), make_gate(valkey, concurrency=1).call(wait_s=0.05):
        pytest.fail("let through")
    with make_gate(valkey, concurrency=1).call(wait_s=60):
        pass


def test_endpoints_have_limits_of_their_own(valkey: redis.Redis) -> None:
    with make_gate(valkey, concurrency=1).call(), make_gate(valkey, concurrency=1, endpoint="shop").call(wait_s=0.1):
        assert slots(valkey) == 1


def test_failures_at_one_moment_do_not_open_the_breaker_until_nothing_went_well_for_a_while(
    valkey: redis.Redis,
) -> None:
    gate = make_gate(valkey, failing_s=3)
    fail(gate, 9)
    with gate.call():
        pass
    fail(gate, 9)
    time.sleep(3.05)

    fail(gate, 1)

    assert pause_left(gate) > 0


def test_five_failures_in_a_row_open_the_breaker_for_all_workers(valkey: redis.Redis) -> None:
    with capture_logs() as logs:
        fail(make_gate(valkey), 3)
        fail(make_gate(valkey), 2, OutcomeUnknownError("cut"))

    with pytest.raises(BreakerOpenError) as refused, make_gate(valkey).call():
        pytest.fail("let through")

    assert 5 < refused.value.retry_after_s <= 15
    assert [log for log in logs if log["event"] == "breaker_opened"] == [
        {"event": "breaker_opened", "endpoint": "m3:ACME", "open_s": 15, "log_level": "warning"}
    ]


@pytest.mark.parametrize("answer", [None, REFUSED, RateLimitedError("429")])
def test_an_answer_in_between_keeps_the_breaker_closed(valkey: redis.Redis, answer: Exception | None) -> None:
    gate = make_gate(valkey)
    fail(gate, 4)
    if answer is None:
        with gate.call():
            pass
    else:
        fail(gate, 1, answer)
    fail(gate, 4)

    with gate.call():
        pass


def test_a_bug_of_ours_says_nothing_about_the_endpoint(valkey: redis.Redis) -> None:
    gate = make_gate(valkey)
    fail(gate, 4)
    fail(gate, 1, ZeroDivisionError())
    fail(gate, 1)

    with pytest.raises(BreakerOpenError), gate.call():
        pytest.fail("let through")


def open_breaker(gate: Gate) -> None:
    fail(gate, 5)


def let_the_pause_end(client: redis.Redis) -> None:
    client.hset("gate:{m3:ACME}:state", "open_until", 1)


def pause_left(gate: Gate) -> float:
    with pytest.raises(BreakerOpenError) as refused, gate.call():
        pytest.fail("let through")
    return float(re.findall(r"for (\d+) s", refused.value.message)[0])


def test_after_the_pause_one_probe_goes_through_and_its_success_closes_the_breaker(valkey: redis.Redis) -> None:
    gate = make_gate(valkey)
    open_breaker(gate)
    let_the_pause_end(valkey)

    with capture_logs() as logs, gate.call(), pytest.raises(BreakerOpenError), make_gate(valkey).call():
        pytest.fail("a second probe was let through")

    with make_gate(valkey).call():
        pass
    assert [log["event"] for log in logs] == ["breaker_closed"]


def test_each_failed_probe_doubles_the_pause(valkey: redis.Redis) -> None:
    gate = make_gate(valkey)
    open_breaker(gate)
    pauses = []
    for _ in range(3):
        let_the_pause_end(valkey)
        fail(gate, 1)
        pauses.append(pause_left(gate))

    assert pauses == [pytest.approx(30, abs=10), pytest.approx(60, abs=10), pytest.approx(120, abs=10)]


def test_the_pause_never_grows_beyond_five_minutes(valkey: redis.Redis) -> None:
    gate = make_gate(valkey)
    valkey.hset("gate:{m3:ACME}:state", mapping={"opened": 30, "failures": 4})

    fail(gate, 1)

    assert pause_left(gate) == pytest.approx(300, abs=10)


def test_a_late_failure_of_a_call_from_before_does_not_lengthen_the_pause(valkey: redis.Redis) -> None:
    gate = make_gate(valkey, concurrency=10)
    late = gate.call()
    late.__enter__()
    open_breaker(gate)

    late.__exit__(RemoteUnavailableError, SICK, None)

    assert valkey.hget("gate:{m3:ACME}:state", "opened") == b"1"
    assert pause_left(gate) <= 15


def test_a_late_success_of_a_call_from_before_does_not_close_the_breaker(valkey: redis.Redis) -> None:
    gate = make_gate(valkey, concurrency=10)
    late = gate.call()
    late.__enter__()
    open_breaker(gate)

    late.__exit__(None, None, None)

    assert pause_left(gate) > 0


def test_a_killed_probe_is_replaced_when_its_lease_ends(valkey: redis.Redis) -> None:
    gate = make_gate(valkey, lease_s=3)
    open_breaker(gate)
    let_the_pause_end(valkey)
    killed = gate.call()
    killed.__enter__()  # the probe; never leaves

    with pytest.raises(BreakerOpenError), gate.call():
        pytest.fail("let through")
    time.sleep(3.1)
    with gate.call():
        pass


def test_a_probe_that_our_own_bug_ended_makes_room_for_the_next(valkey: redis.Redis) -> None:
    gate = make_gate(valkey)
    open_breaker(gate)
    let_the_pause_end(valkey)

    fail(gate, 1, ZeroDivisionError())

    with gate.call():
        pass


def test_a_pause_asked_for_by_the_endpoint_holds_for_all_workers(valkey: redis.Redis) -> None:
    make_gate(valkey).hold_back(30)
    make_gate(valkey).hold_back(1)  # a shorter one does not end it

    with pytest.raises(RateLimitedError, match="pause") as refused, make_gate(valkey).call(wait_s=0.2):
        pytest.fail("let through")

    assert 15 < refused.value.retry_after_s <= 30


def test_a_short_pause_is_waited_out(valkey: redis.Redis) -> None:
    gate = make_gate(valkey)
    started = time.monotonic()
    gate.hold_back(0.2)

    with gate.call(wait_s=60):
        assert time.monotonic() - started >= 0.19


def test_a_flushed_redis_only_forgets_limits(valkey: redis.Redis) -> None:
    gate = make_gate(valkey)
    with gate.call():
        valkey.flushall()
        valkey.script_flush()

    with gate.call():
        pass
    assert slots(valkey) == 0


@pytest.fixture
def nowhere() -> Iterator[redis.Redis]:
    """A client of a port where nothing listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        with closing(redis.Redis(port=taken.getsockname()[1], retry=None, socket_timeout=0.2)) as client:
            yield client


def test_without_redis_each_process_keeps_its_share_of_the_rate_and_says_so_once(nowhere: redis.Redis) -> None:
    gate = make_gate(nowhere, rate=40, concurrency=2)
    started = time.monotonic()

    with capture_logs() as logs:
        for _ in range(5):
            with gate.call():
                pass

    assert time.monotonic() - started >= 4 * 2 / 40 * 0.9
    assert [log["event"] for log in logs] == ["gate_without_redis"]


def test_without_redis_a_long_wait_is_refused_and_pauses_are_kept(nowhere: redis.Redis) -> None:
    gate = make_gate(nowhere)
    gate.hold_back(60)

    with pytest.raises(RateLimitedError) as refused, gate.call(wait_s=0.1):
        pytest.fail("let through")

    assert 40 < refused.value.retry_after_s <= 60


def test_when_redis_is_back_it_is_used_again(
    valkey: redis.Redis, nowhere: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gate_module, "WITHOUT_REDIS_S", 60)
    gate = make_gate(valkey)
    gate._go_without_redis(redis.ConnectionError())
    with gate.call():
        assert slots(valkey) == 0
    gate._without_redis_until -= 60

    with capture_logs() as logs, gate.call():
        assert slots(valkey) == 1

    assert [log["event"] for log in logs] == ["gate_with_redis_again"]
