"""HTTP to gateway and token endpoint: kept connections, no retries, no redirects; used by client and token source.

A keep-alive connection that the server closes at the very moment we write to it cannot be told apart from one that
broke after M3 executed. So a connection idle for more than MAX_IDLE_S is never used again: servers and gateways keep
idle connections for at least two seconds, and an order's calls follow each other within milliseconds. The price is a
new connection for the first call after a pause.
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError
from urllib3.util.retry import Retry

CONNECT_TIMEOUT_S = 5.0
MAX_IDLE_S = 1.0
POOL_SIZE = 16
USER_AGENT = "woocommerce-m3-connector"


class NotSentError(Exception):
    """Nothing was sent: no connection was made. `is_certificate` if the server's certificate is not trusted."""

    def __init__(self, text: str, *, is_certificate: bool = False) -> None:
        super().__init__(text)
        self.is_certificate = is_certificate


class NoAnswerError(Exception):
    """It may have been sent and executed; no whole answer came back."""


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Transport:
    """POSTs to one address over kept connections. Holds no cookies, follows no redirect."""

    def __init__(self, url: str, *, read_timeout_s: float) -> None:
        """Reads proxy and certificate settings of the environment once; a .netrc file is not read.

        Args:
            url: The whole address.
            read_timeout_s: Longest silence of the server while we wait for the answer.
        """
        self.url = url
        self._timeout = (CONNECT_TIMEOUT_S, read_timeout_s)
        with requests.Session() as session:
            self._settings: dict[str, Any] = dict(session.merge_environment_settings(url, {}, False, None, None))
        self._adapter = HTTPAdapter(pool_maxsize=POOL_SIZE, max_retries=Retry(total=0, read=False, redirect=False))
        # The adapter is used without a session: that saves about 0.6 ms a call, and a session would put the
        # password of a .netrc file in the place of our Authorization header.
        self._prepared = requests.Request("POST", url, headers={"User-Agent": USER_AGENT}).prepare()
        self._used_at = time.monotonic()

    def post(
        self, body: bytes | Mapping[str, str], headers: Mapping[str, str], *, auth: tuple[str, str] | None = None
    ) -> HttpAnswer:
        """Sends one POST, once.

        Args:
            body: Bytes, or a form.
            headers: Besides the usual ones.
            auth: User and password for Basic authentication.

        Raises:
            NotSentError: No connection was made.
            NoAnswerError: Anything later.
        """
        if time.monotonic() - self._used_at > MAX_IDLE_S:
            self._adapter.close()  # drops idle connections; the adapter opens new ones
        request = self._prepared.copy()
        request.headers.update(headers)
        request.prepare_body(body, None)
        if auth is not None:
            request.prepare_auth(auth)
        try:
            response = self._adapter.send(request, timeout=self._timeout, **self._settings)
            return HttpAnswer(response.status_code, response.headers, response.content)
        except requests.RequestException as error:
            raise _translated(error) from None
        finally:
            self._used_at = time.monotonic()

    def close(self) -> None:
        """Closes all connections."""
        self._adapter.close()


def _translated(error: requests.RequestException) -> NotSentError | NoAnswerError:
    causes = list(_causes(error))
    for cause in causes:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return NotSentError("the server's certificate is not trusted", is_certificate=True)
    if any(isinstance(cause, NewConnectionError | ConnectTimeoutError) for cause in causes):
        return NotSentError("no connection")
    # The text of the library may hold the address with its query; the class says enough.
    return NoAnswerError(type(error).__name__)


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Goes through an error and all that caused it: requests and urllib3 keep causes in `args` and `reason`, too."""
    waiting: list[object] = [error]
    seen: set[int] = set()
    while waiting:
        one = waiting.pop()
        if isinstance(one, BaseException) and id(one) not in seen:
            seen.add(id(one))
            yield one
            waiting += [*one.args, getattr(one, "reason", None), one.__cause__, one.__context__]
