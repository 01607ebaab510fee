"""The authorisation server: grants, access tokens, refresh tokens, revocation; `app` routes to it."""

import secrets
import threading
from collections.abc import Mapping
from dataclasses import dataclass

from sandbox.clock import Clock

TENANT = "SANDBOX_TST"
CLIENT_ID = f"{TENANT}~woo-connector"
CLIENT_SECRET = "sandbox-client-secret"
ACCESS_KEY = f"{TENANT}#sandbox-access-key"
SECRET_KEY = "sandbox-secret-key"


@dataclass(frozen=True)
class Refused:
    """An OAuth error answer."""

    status: int
    error: str
    description: str


class TokenServer:
    """Holds the live tokens; safe for threads."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._expiry: dict[str, float] = {}
        self._refresh: set[str] = set()
        self.issued = 0

    def grant(
        self, form: Mapping[str, str], *, basic: tuple[str, str] | None, expires_in_s: int, with_refresh: bool
    ) -> dict[str, str | int] | Refused:
        """Answer a token request; a refresh token works once, a new one comes back each time."""
        if (basic or (form.get("client_id"), form.get("client_secret"))) != (CLIENT_ID, CLIENT_SECRET):
            return Refused(401, "invalid_client", "Client authentication failed")
        kind = form.get("grant_type")
        if kind == "password" and (form.get("username"), form.get("password")) != (ACCESS_KEY, SECRET_KEY):
            return Refused(400, "invalid_grant", "The service account is unknown or revoked")
        if kind == "refresh_token" and not self._use_refresh(form.get("refresh_token", "")):
            return Refused(400, "invalid_grant", "The refresh token is unknown or used")
        if kind not in ("password", "refresh_token", "client_credentials"):
            return Refused(400, "unsupported_grant_type", "This grant is not offered")
        return self._issue(expires_in_s, with_refresh=with_refresh and kind != "client_credentials")

    def is_live(self, token: str) -> bool:
        """Tell whether a call with this token passes the gateway."""
        with self._lock:
            return self._expiry.get(token, 0.0) > self._clock.monotonic()

    def revoke(self, token: str) -> None:
        """Forget an access or refresh token; an unknown one is no error (RFC 7009)."""
        with self._lock:
            self._expiry.pop(token, None)
            self._refresh.discard(token)

    def _use_refresh(self, token: str) -> bool:
        with self._lock:
            known = token in self._refresh
            self._refresh.discard(token)
            return known

    def _issue(self, expires_in_s: int, *, with_refresh: bool) -> dict[str, str | int]:
        access, refresh = secrets.token_urlsafe(24), secrets.token_urlsafe(24)
        with self._lock:
            self.issued += 1
            self._expiry[access] = self._clock.monotonic() + expires_in_s
            if with_refresh:
                self._refresh.add(refresh)
        body: dict[str, str | int] = {"access_token": access}
        if with_refresh:
            body["refresh_token"] = refresh
        return body | {"token_type": "Bearer", "expires_in": expires_in_s}


def ionapi_file(base_url: str) -> dict[str, str]:
    """Build the `.ionapi` file of a Backend Service with service account, pointing at this server."""
    return {
        "ti": TENANT,
        "cn": "woo-connector",
        "dt": "12",
        "ci": CLIENT_ID,
        "cs": CLIENT_SECRET,
        "iu": base_url,
        "pu": f"{base_url}/{TENANT}/as/",
        "oa": "authorization.oauth2",
        "ot": "token.oauth2",
        "or": "revoke_token.oauth2",
        "ev": "sandbox",
        "v": "1.0",
        "saak": ACCESS_KEY,
        "sask": SECRET_KEY,
    }
