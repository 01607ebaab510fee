"""Every error has a fate, and every fate puts the exchange where design section 5 says."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connector import errors
from connector.errors import ConnectorError, LeaseLostError, LedgerUnavailableError
from connector.ledger.claims import Claim
from connector.ledger.offers import ALL
from connector.ledger.tables import State
from workers.fates import FATES, LONGEST_BATCH_PAUSE_S, RECHECK_S, fate_of

NOW = datetime(2026, 1, 1, tzinfo=UTC)
STOPS_THE_RUN = (LeaseLostError, LedgerUnavailableError)
"""These settle nothing: the lease runs out and the sweeper takes it back."""
ARGUMENTS: dict[str, dict[str, Any]] = {
    "MissingDependencyError": {"kind": "customers_to_m3", "key": "k"},
    "M3RejectedError": {"program": "OIS100MI", "transaction": "Confirm"},
    "WooRejectedError": {"status": 400},
}
SPENDS_NO_TRY = {
    *("RateLimitedError", "RecordLockedError", "BreakerOpenError", "NotYetError", "WaitingError"),
    "NotTenantError",
    *("MissingDependencyError", "OutcomeUnknownError", "ConfigurationError"),
}
FOR_A_PERSON = {
    *("PermanentError", "InvalidPayloadError", "MappingError", "UnknownItemError", "NeedsPersonError", "ListCutError"),
    *("ChangedAfterDiscardError", "AmountsDifferError", "M3RejectedError", "WooRejectedError"),
}


def below(kind: type[ConnectorError]) -> Iterator[type[ConnectorError]]:
    for one in kind.__subclasses__():
        yield one
        yield from below(one)


KINDS = sorted(
    {kind for kind in below(ConnectorError) if kind.__module__ == errors.__name__}, key=lambda one: one.__name__
)


def claim(**changes: Any) -> Claim:
    values: dict[str, Any] = {
        **{"exchange_id": 1, "store": "w1", "scope": "w1", "store_version": 1, "flow": "orders_to_m3"},
        **{"business_key": "1", "pool": "orders", "claim_no": 1, "revision": 1, "done_rev": 0, "tries": 1},
        **{"is_doubtful": False, "fingerprint": None, "waiting_since": None, "first_seen_at": NOW, "rebuild": False},
        "blocked_since": None,
        **{"was_resent": False, "body": None, "body_received_at": None, "now": NOW, "documents": (), "last_code": ""},
    }
    return Claim(**{**values, **changes})


def an(kind: type[ConnectorError]) -> ConnectorError:
    return kind("It happened.", **ARGUMENTS.get(kind.__name__, {}))


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in STOPS_THE_RUN], ids=lambda kind: kind.__name__)
def test_every_error_has_a_fate_of_its_own_and_is_no_bug(kind: type[ConnectorError]) -> None:
    settlement = fate_of(an(kind), claim(), None)

    assert any(issubclass(kind, listed) for listed, _ in FATES)
    assert settlement.reason_code == kind.code
    assert (settlement.state is State.DEAD_LETTER) == (kind.__name__ in FOR_A_PERSON)
    assert settlement.gives_try_back == (kind.__name__ in SPENDS_NO_TRY)


def test_no_two_errors_share_a_code() -> None:
    codes = [kind.code for kind in KINDS]

    assert len(codes) == len(set(codes))


def test_the_table_asks_for_the_narrower_error_first() -> None:
    kinds = [kind for kind, _ in FATES]

    assert not any(issubclass(later, earlier) for place, earlier in enumerate(kinds) for later in kinds[place + 1 :])


def test_anything_else_is_a_bug_for_a_person_with_its_traceback_and_without_its_text() -> None:
    personal = "@".join(("ana", "example.com"))
    try:
        raise KeyError(personal)
    except KeyError as error:
        settlement = fate_of(error, claim(), None)

    assert (settlement.state, settlement.reason_code) == (State.DEAD_LETTER, "bug")
    assert "KeyError" in settlement.reason
    assert personal not in f"{settlement.reason}{settlement.detail}"


@pytest.mark.parametrize("name", ["RecordLockedError", "NotYetError", "RateLimitedError", "OutcomeUnknownError"])
def test_a_wait_of_more_than_a_day_ends_with_a_person(name: str) -> None:
    late = claim(waiting_since=NOW - timedelta(hours=25))

    assert fate_of(an(getattr(errors, name)), late, None).state is State.DEAD_LETTER


def test_a_sick_endpoint_is_waited_for_without_a_deadline() -> None:
    late = claim(waiting_since=NOW - timedelta(days=9))

    assert fate_of(an(errors.BreakerOpenError), late, None).state is State.WAITING


@pytest.mark.parametrize(("is_of_m3", "hours"), [(False, 72), (True, 60 * 24)])
def test_who_is_blocked_for_long_is_shown_and_goes_on_by_itself(is_of_m3: bool, hours: int) -> None:
    error = errors.MissingDependencyError("It waits.", kind="posted_order", key="w1/7", is_of_m3=is_of_m3)
    since = timedelta(hours=hours)

    before, after = (
        fate_of(error, claim(blocked_since=NOW - since - more), None) for more in (timedelta(0), timedelta(seconds=1))
    )

    assert (before.state, before.blocked_on) == (State.BLOCKED, ("posted_order", "w1/7"))
    assert (after.state, after.reason_code, after.recheck_in_s) == (State.DEAD_LETTER, error.code, RECHECK_S)
    assert "It waits. It waits for that since" in after.reason
    assert "discard 1" in after.resolution


def test_to_be_blocked_and_to_wait_have_a_deadline_each() -> None:
    long_ago = NOW - timedelta(days=5)
    blocked = errors.MissingDependencyError("It waits.", kind="posted_order", key="w1/7")

    locked_now = fate_of(an(errors.RecordLockedError), claim(blocked_since=long_ago), None)
    blocked_now = fate_of(blocked, claim(waiting_since=long_ago), None)

    assert (locked_now.state, blocked_now.state) == (State.WAITING, State.BLOCKED)


def test_tries_come_to_an_end() -> None:
    assert fate_of(an(errors.RemoteUnavailableError), claim(tries=2), None).state is State.DEAD_LETTER


def test_a_batch_flow_keeps_its_pause_whatever_is_heard_meanwhile() -> None:
    """News of a sick shop's items comes all the time; each would bring the next try forward, until none is left."""
    away = an(errors.RemoteUnavailableError)
    batch, order = fate_of(away, claim(business_key=ALL), None), fate_of(away, claim(), None)

    assert batch.not_before_in_s == batch.next_in_s
    assert 0 < batch.next_in_s <= LONGEST_BATCH_PAUSE_S
    assert order.not_before_in_s is None
