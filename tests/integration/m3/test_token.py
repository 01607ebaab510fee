"""The shared access token: asked for once, renewed early by one worker, refreshed, and renewed after a 401."""

from __future__ import annotations

import base64
import json
import threading

import pytest
from sqlalchemy import Engine, text
from structlog.testing import capture_logs

from connector.errors import ConfigurationError, RemoteUnavailableError
from connector.ledger.tokens import LedgerTokenStore
from connector.m3.ionapi import IonApi, parse_ionapi
from connector.m3.token import TokenSource, TokenStore
from tests.integration.m3.gateway import Behaviour, Gateway, after, cut, half, reply, token
from tests.integration.m3.token_store import HandClock, MemoryTokens, Sealing


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def store(clock: HandClock) -> MemoryTokens:
    return MemoryTokens(clock)


class Workers:
    """Makes token sources, one per worker process."""

    def __init__(self, ionapi: IonApi, store: TokenStore, sealing: Sealing, clock: HandClock | None) -> None:
        self._parts = (ionapi, store, sealing, clock)
        self._made: list[TokenSource] = []

    def one(self, *, grant: str = "password", ionapi: IonApi | None = None) -> TokenSource:
        own, store, sealing, clock = self._parts
        self._made.append(TokenSource(ionapi or own, grant=grant, store=store, cipher=sealing, clock=clock))
        return self._made[-1]

    def close(self) -> None:
        for source in self._made:
            source.close()


@pytest.fixture
def workers(ionapi: IonApi, store: MemoryTokens, sealing: Sealing, clock: HandClock):  # type: ignore[no-untyped-def]
    made = Workers(ionapi, store, sealing, clock)
    yield made
    made.close()


def test_twenty_workers_ask_for_one_token(workers: Workers, gateway: Gateway) -> None:
    bearers = {workers.one().bearer() for _ in range(20)}

    assert bearers == {"token-1"}
    assert len(gateway.token_calls) == 1


def test_the_password_grant_is_asked_for_as_published(workers: Workers, gateway: Gateway) -> None:
    workers.one().bearer()

    (seen,) = gateway.token_calls
    assert seen.form == {
        "grant_type": "password",
        "username": "ACME_TST#account",
        "password": "account-secret",
    }
    client = base64.b64decode(seen.headers["Authorization"].removeprefix("Basic ")).decode()
    assert client == "ACME_TST~client:client-secret"
    assert seen.headers["Content-Type"] == "application/x-www-form-urlencoded"


def test_the_client_credentials_grant_sends_no_account(workers: Workers, gateway: Gateway) -> None:
    file = {key: value for key, value in gateway.ionapi.items() if key not in {"saak", "sask"}}
    ionapi = parse_ionapi(json.dumps(file), grant="client_credentials")

    workers.one(grant="client_credentials", ionapi=ionapi).bearer()

    assert gateway.token_calls[0].form == {"grant_type": "client_credentials"}


def test_what_is_kept_is_sealed(workers: Workers, store: MemoryTokens, sealing: Sealing) -> None:
    workers.one().bearer()

    ((key, row),) = store.rows.items()
    assert "client" not in key and b"token-1" not in row.sealed
    assert json.loads(sealing.open(row.sealed))["access_token"] == "token-1"


def test_a_live_token_is_used_from_memory(workers: Workers, gateway: Gateway, store: MemoryTokens) -> None:
    source = workers.one()
    source.bearer()
    store.rows.clear()

    assert source.bearer() == "token-1"


@pytest.mark.parametrize(
    ("lifetime_s", "kept_until_s"), [(7200, 6840), (600, 540), (60, 30)], ids=["5 percent", "a minute", "half"]
)
def test_a_token_is_renewed_a_little_early(
    workers: Workers, gateway: Gateway, clock: HandClock, lifetime_s: int, kept_until_s: int
) -> None:
    gateway.token_answers.append(token("first", expires_in=lifetime_s))
    source, other = workers.one(), workers.one()
    source.bearer()

    clock.seconds = kept_until_s - 1
    assert (source.bearer(), other.bearer()) == ("first", "first")
    clock.seconds = kept_until_s + 1
    assert (source.bearer(), other.bearer()) == ("token-2", "token-2")
    assert len(gateway.token_calls) == 2


def test_while_one_worker_renews_the_others_use_the_old_token(
    workers: Workers, gateway: Gateway, store: MemoryTokens, clock: HandClock
) -> None:
    workers.one().bearer()
    clock.seconds = 6900
    assert store.begin_renewal(*store.rows, version=1)

    assert workers.one().bearer() == "token-1"
    assert clock.seconds == 6900


def test_the_old_token_is_left_soon_after_the_other_worker_has_renewed(
    workers: Workers, store: MemoryTokens, sealing: Sealing, clock: HandClock
) -> None:
    source = workers.one()
    source.bearer()
    clock.seconds = 6900
    assert store.begin_renewal(*store.rows, version=1)
    source.bearer()
    (key,) = store.rows
    content = {"access_token": "by-the-other", "lifetime_s": 7200}
    store.save(key, sealed=sealing.seal(json.dumps(content).encode()), expires_in_s=7200)

    clock.seconds += 5

    assert source.bearer() == "by-the-other"


def test_without_a_live_token_the_other_worker_is_waited_for_but_not_for_ever(
    workers: Workers, gateway: Gateway, store: MemoryTokens, clock: HandClock
) -> None:
    workers.one().bearer()
    clock.seconds = 7300
    assert store.begin_renewal(*store.rows, version=1)

    with pytest.raises(RemoteUnavailableError, match="still renewing"):
        workers.one().bearer()

    assert 5 <= clock.seconds - 7300 < 6
    assert len(gateway.token_calls) == 1


def test_a_refresh_token_is_used_and_the_newest_kept(workers: Workers, gateway: Gateway, clock: HandClock) -> None:
    gateway.token_answers += [
        token("first", refresh_token="refresh-1"),
        token("second", refresh_token="refresh-2"),
        token("third"),
        token("fourth"),
    ]
    bearers = []
    for _ in range(4):
        bearers.append(workers.one().bearer())
        clock.seconds += 7100

    assert bearers == ["first", "second", "third", "fourth"]
    asked = [seen.form.get("refresh_token") or seen.form["grant_type"] for seen in gateway.token_calls]
    assert asked == ["password", "refresh-1", "refresh-2", "password"]


def test_a_refused_refresh_token_falls_back_to_the_account(
    workers: Workers, gateway: Gateway, clock: HandClock
) -> None:
    gateway.token_answers += [token("first", refresh_token="refresh-1"), reply(400, {"error": "invalid_grant"})]
    workers.one().bearer()
    clock.seconds = 7100

    assert workers.one().bearer() == "token-3"
    assert gateway.token_calls[-1].form["grant_type"] == "password"


@pytest.mark.parametrize("status", [400, 401])
def test_refused_credentials_stop_the_store_with_what_to_do_in_infor(
    workers: Workers, gateway: Gateway, status: int
) -> None:
    gateway.token_answers.append(reply(status, {"error": "invalid_client", "error_description": "made-up text"}))

    with pytest.raises(ConfigurationError, match=f"HTTP {status}") as refused:
        workers.one().bearer()

    assert "Backend Service" in refused.value.resolution
    assert "secret" not in refused.value.message and "made-up" not in refused.value.message


UNREADABLE: dict[str, Behaviour] = {
    "500": reply(500),
    "302": reply(302, Location="https://elsewhere.example.com/"),
    "403": reply(403),
    "cut": cut,
    "cut in the middle": half,
    "no JSON": reply(200, b"<html>"),
    "no token": reply(200, {"token_type": "Bearer"}),
    "an empty token": reply(200, {"access_token": ""}),
}


@pytest.mark.parametrize("what", UNREADABLE)
def test_a_sick_token_endpoint_is_worth_another_try(workers: Workers, gateway: Gateway, what: str) -> None:
    gateway.token_answers.append(UNREADABLE[what])

    with pytest.raises(RemoteUnavailableError, match="gives no token"):
        workers.one().bearer()


def test_a_sick_token_endpoint_does_not_matter_while_the_old_token_lives(
    workers: Workers, gateway: Gateway, clock: HandClock, store: MemoryTokens
) -> None:
    workers.one().bearer()
    clock.seconds = 6900
    gateway.token_answers.append(reply(503))

    assert workers.one().bearer() == "token-1"


def test_after_a_401_the_token_is_renewed_although_it_lives(workers: Workers, gateway: Gateway) -> None:
    source = workers.one()

    assert source.renew_after_401(source.bearer()) == "token-2"
    assert source.bearer() == "token-2"


def test_after_a_401_a_token_that_another_worker_has_renewed_is_taken(workers: Workers, gateway: Gateway) -> None:
    one, other = workers.one(), workers.one()
    used = one.bearer()
    other.bearer()

    assert {one.renew_after_401(used), other.renew_after_401(used)} == {"token-2"}
    assert len(gateway.token_calls) == 2


def test_a_gateway_that_refuses_every_token_does_not_use_up_the_days_budget(
    workers: Workers, gateway: Gateway, clock: HandClock
) -> None:
    source = workers.one()
    asked = 0
    for _ in range(288):  # a probe every five minutes for a day
        try:
            source.renew_after_401(source.bearer())
        except ConfigurationError:
            asked += 1
        clock.seconds += 300

    assert clock.seconds >= 24 * 3600
    assert asked > 150
    assert len(gateway.token_calls) <= 100


def test_a_refused_chain_of_fresh_tokens_names_the_matter(workers: Workers) -> None:
    source = workers.one()
    for _ in range(5):
        source.renew_after_401(source.bearer())

    with pytest.raises(ConfigurationError, match="5 fresh access tokens in a row"):
        source.renew_after_401(source.bearer())


def test_neither_token_nor_secret_is_logged_or_shown(workers: Workers) -> None:
    source = workers.one()
    with capture_logs() as logs:
        source.bearer()
        source.renew_after_401("token-1")

    shown = f"{logs} {source._cached!r} {vars(source)}"
    assert [log["event"] for log in logs] == ["m3_signed_in", "m3_signed_in"]
    assert "token-1" not in shown and "token-2" not in shown and "secret" not in shown.replace("SecretStr", "")


def test_many_workers_on_the_real_ledger_ask_for_one_token(
    engine: Engine, ionapi: IonApi, gateway: Gateway, sealing: Sealing
) -> None:
    gateway.token_answers.append(after(0.3, token("shared")))
    workers = Workers(ionapi, LedgerTokenStore(engine), sealing, None)
    bearers: list[str] = []
    sources = [workers.one() for _ in range(4)]
    threads = [threading.Thread(target=lambda one=source: bearers.append(one.bearer())) for source in sources]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    workers.close()

    assert bearers == ["shared"] * 4
    assert len(gateway.token_calls) == 1


def test_on_the_real_ledger_a_token_about_to_end_is_renewed_and_found_by_the_next_worker(
    engine: Engine, ionapi: IonApi, gateway: Gateway, sealing: Sealing
) -> None:
    workers = Workers(ionapi, LedgerTokenStore(engine), sealing, None)
    first = workers.one().bearer()
    with engine.begin() as connection:
        connection.execute(text("UPDATE token SET expires_at = ledger_now() + interval '10 seconds'"))

    bearers = [workers.one().bearer() for _ in range(2)]
    workers.close()

    assert (first, bearers) == ("token-1", ["token-2", "token-2"])
