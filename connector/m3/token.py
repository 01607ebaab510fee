"""The access token, one for all workers of an M3 client; asked for by the client before every request.

Infor's published budget is 100 access tokens a day for a client (protocol.md section 7, S22). So the token is a sealed
row in the ledger, renewed a little early by one worker at a time, and each process keeps the opened token until then.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import structlog

from connector.errors import ConfigurationError, RemoteUnavailableError
from connector.m3.ionapi import Grant, IonApi
from connector.m3.sign_in import SignIn

EARLY_SHARE = 0.05
EARLY_S = 60.0
WAIT_FOR_OTHER_S = 5.0
POLL_S = 0.1
LOOK_AGAIN_S = 5.0
# A gateway that refuses every token would make each call renew: after this many in a row, one in 20 minutes at most.
# A token that lived an hour before it was refused was a good one and begins a new row.
RENEWALS_IN_A_ROW = 5
PAUSE_AFTER_ROW_S = 1200.0
GOOD_AFTER_S = 3600.0

_log = structlog.get_logger(__name__)


class Stored(Protocol):
    """A token as kept: sealed, with its end, and the keeper's time when read."""

    @property
    def sealed(self) -> bytes:
        """Ciphertext of a JSON object."""

    @property
    def expires_at(self) -> datetime:
        """When the access token ends."""

    @property
    def version(self) -> int:
        """Rises with every save."""

    @property
    def now(self) -> datetime:
        """The keeper's clock at reading."""


class TokenStore(Protocol):
    """Keeps the tokens for all workers (connector/ledger/tokens.py)."""

    def load(self, key: str) -> Stored | None:
        """Returns the newest token of a client, or None."""

    def begin_renewal(self, key: str, *, version: int) -> bool:
        """Takes the right to renew `version` (0 = none yet) for a while; False if another worker has it."""

    def save(self, key: str, *, sealed: bytes, expires_in_s: int) -> None:
        """Keeps a new token and ends the renewal."""


class Cipher(Protocol):
    """Seals what is kept (connector/vault)."""

    def seal(self, plain: bytes) -> bytes:
        """Encrypts."""

    def open(self, sealed: bytes) -> bytes:
        """Decrypts."""


class Clock(Protocol):
    """Time of this process; the ends of tokens are told by the keeper's clock."""

    def monotonic(self) -> float:
        """Seconds that never go back."""

    def sleep(self, seconds: float) -> None:
        """Waits."""


class SystemClock:
    """The clock of the machine."""

    def monotonic(self) -> float:
        """Returns seconds that never go back."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Waits."""
        time.sleep(seconds)


@dataclass(frozen=True, slots=True, repr=False)
class _Token:
    """An opened token. `ends` is in monotonic seconds of this process."""

    access: str
    refresh: str | None
    lifetime_s: float
    renewed_after_401: int
    version: int
    ends: float

    @property
    def renew_from(self) -> float:
        """5 % but at least a minute early; a token of minutes at half its life."""
        return self.ends - min(max(EARLY_SHARE * self.lifetime_s, EARLY_S), self.lifetime_s / 2)

    def age_s(self, now: float) -> float:
        return self.lifetime_s - (self.ends - now)


class TokenSource:
    """Gives the access token of one M3 client."""

    def __init__(
        self,
        ionapi: IonApi,
        *,
        grant: Grant | str,
        store: TokenStore,
        cipher: Cipher,
        clock: Clock | None = None,
    ) -> None:
        """Joins the parts; asks nothing yet.

        Args:
            ionapi: The store's .ionapi file.
            grant: How tokens are asked for.
            store: Keeps the token for all workers.
            cipher: Seals it.
            clock: The machine's when left out.
        """
        self._grant = Grant(grant)
        self._key = ionapi.client_key(self._grant)
        self._store = store
        self._cipher = cipher
        self._clock = clock or SystemClock()
        self._sign_in = SignIn(ionapi, grant=self._grant)
        self._cached: _Token | None = None
        self._use_cached_until = 0.0

    def bearer(self) -> str:
        """Returns a live access token; renews it if it is about to end.

        Raises:
            ConfigurationError: The token endpoint refuses the credentials.
            RemoteUnavailableError: It cannot be reached, or another worker is still renewing.
        """
        if self._cached is not None and self._clock.monotonic() < self._use_cached_until:
            return self._cached.access
        return self._current(refused=None).access

    def renew_after_401(self, used: str) -> str:
        """Returns another token than `used`, which M3's gateway has refused although it should live.

        Raises:
            ConfigurationError: The credentials are refused, or the gateway refuses all fresh tokens.
            RemoteUnavailableError: The token endpoint cannot be reached, or another worker is still renewing.
        """
        self._use_cached_until = 0.0
        return self._current(refused=used).access

    def close(self) -> None:
        """Closes the connections."""
        self._sign_in.close()

    def _current(self, *, refused: str | None) -> _Token:
        deadline = self._clock.monotonic() + WAIT_FOR_OTHER_S
        while True:
            held = self._load()
            now = self._clock.monotonic()
            is_live = held is not None and held.access != refused and held.ends > now
            if held is not None and is_live and held.renew_from > now:
                return self._keep(held, until=held.renew_from)
            in_a_row = self._renewals_in_a_row(held) if held is not None and held.access == refused else 0
            if self._store.begin_renewal(self._key, version=held.version if held else 0):
                return self._renew(held, is_live=is_live, in_a_row=in_a_row)
            if held is not None and is_live:  # another worker renews; ours is good for a little while
                return self._keep(held, until=min(held.ends, now + LOOK_AGAIN_S))
            if now >= deadline:
                raise RemoteUnavailableError(
                    "Another worker is still renewing the M3 access token.", resolution="Nothing to do: tried again."
                )
            self._clock.sleep(POLL_S)

    def _renew(self, held: _Token | None, *, is_live: bool, in_a_row: int) -> _Token:
        """Asks for a new token. The right to do so is ours now; if it fails, it ends by itself."""
        try:
            answer = self._sign_in.ask(held.refresh if held else None)
        except RemoteUnavailableError:
            if held is None or not is_live:
                raise
            _log.warning("m3_sign_in_postponed", grant=self._grant.value)
            return self._keep(held, until=min(held.ends, self._clock.monotonic() + LOOK_AGAIN_S))
        token = _Token(
            access=answer.access_token,
            refresh=answer.refresh_token,
            lifetime_s=answer.expires_in,
            renewed_after_401=in_a_row,
            version=(held.version if held else 0) + 1,
            ends=self._clock.monotonic() + answer.expires_in,
        )
        self._store.save(self._key, sealed=self._seal(token), expires_in_s=answer.expires_in)
        _log.info("m3_signed_in", grant=self._grant.value, expires_in_s=answer.expires_in, after_401=in_a_row)
        return self._keep(token, until=token.renew_from)

    def _renewals_in_a_row(self, held: _Token) -> int:
        """Counts the renewals after a 401, this one included; stops before they use up the day's budget."""
        age_s = held.age_s(self._clock.monotonic())
        if age_s > GOOD_AFTER_S:
            return 1
        if held.renewed_after_401 >= RENEWALS_IN_A_ROW and age_s < PAUSE_AFTER_ROW_S:
            raise ConfigurationError(
                f"M3's gateway refused {RENEWALS_IN_A_ROW} fresh access tokens in a row (401).",
                resolution="In Infor ION API, look whether the authorised app may use the M3 API suite. No new token "
                "is asked for within 20 minutes, since Infor limits them to about 100 a day.",
            )
        return min(held.renewed_after_401 + 1, RENEWALS_IN_A_ROW)

    def _load(self) -> _Token | None:
        stored = self._store.load(self._key)
        if stored is None:
            return None
        content = json.loads(self._cipher.open(stored.sealed))
        left_s = (stored.expires_at - stored.now).total_seconds()
        return _Token(
            access=content["access_token"],
            refresh=content.get("refresh_token"),
            lifetime_s=content.get("lifetime_s", left_s),
            renewed_after_401=content.get("renewed_after_401", 0),
            version=stored.version,
            ends=self._clock.monotonic() + left_s,
        )

    def _seal(self, token: _Token) -> bytes:
        content = {
            "access_token": token.access,
            "refresh_token": token.refresh,
            "lifetime_s": token.lifetime_s,
            "renewed_after_401": token.renewed_after_401,
        }
        return self._cipher.seal(json.dumps(content).encode())

    def _keep(self, token: _Token, *, until: float) -> _Token:
        self._cached, self._use_cached_until = token, until
        return token
