"""Sends one request to the shop at a time, inside its rate limit, and never twice; used by client.py only."""

from __future__ import annotations

import ssl
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from http.cookiejar import DefaultCookiePolicy
from typing import Any, Protocol
from urllib.parse import urlsplit

import requests
from requests.auth import AuthBase
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError
from urllib3.exceptions import TimeoutError as HTTPTimeout

from connector.errors import ConfigurationError, ConnectorError, RateLimitedError, RemoteUnavailableError
from connector.woocommerce.answers import Reply, open_reply, unclear
from connector.woocommerce.canonical import JSONDict, canonical_json
from connector.woocommerce.card_data import without_card_data

USER_AGENT = "woocommerce-m3-connector"

Params = Sequence[tuple[str, str]]

_CONNECT_S = 10.0
_CHUNK = 65536
_LARGEST_ANSWER = 64 * 1024 * 1024
_BOM = b"\xef\xbb\xbf"
_DEEPEST_CAUSE = 10


class Throttle(Protocol):
    """The endpoint's rate limit, slots and breaker (connector.throttle.gate.Gate, or an open one in tests)."""

    def call(self, *, wait_s: float = ...) -> AbstractContextManager[None]:
        """Holds a slot while the request runs."""

    def hold_back(self, retry_after_s: float) -> None:
        """Lets all workers wait after a 429."""


@dataclass(frozen=True)
class Answer:
    """A good answer: the raw bytes, what they say, and the headers (case does not matter)."""

    body: bytes
    data: Any
    headers: Mapping[str, str]


class Transport:
    """Owns the HTTP session of one shop. No redirects, no automatic repeats, no cookies."""

    def __init__(self, root: str, *, auth: AuthBase, gate: Throttle, timeout_s: float) -> None:
        """Reads proxy and certificate settings of the environment once: for each request that costs 1.5 ms."""
        self._root = root
        self._host = urlsplit(root).netloc
        self._gate = gate
        self._timeout_s = timeout_s
        self._session = requests.Session()
        settings = self._session.merge_environment_settings(root, {}, False, None, None)
        self._session.proxies, self._session.verify = settings["proxies"], settings["verify"]
        self._session.trust_env = False
        self._session.auth = auth
        self._session.headers.update({"User-Agent": USER_AGENT, "Accept": "application/json"})
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))

    def read(self, path: str, params: Params = ()) -> Answer:
        """Gets `path` (below the API root).

        Raises:
            RemoteUnavailableError: No usable answer; any of the errors of `open_reply` and of the gate.
        """
        return self._call("GET", path, params=params)

    def write(self, method: str, path: str, *, content: JSONDict | None = None, params: Params = ()) -> Answer:
        """Sends one write, once.

        Raises:
            RemoteUnavailableError: It was surely not sent.
            OutcomeUnknownError: It was sent and no clear answer seen; any error of `open_reply` and of the gate.
        """
        return self._call(method, path, params=params, content=content)

    def close(self) -> None:
        """Closes the pooled connections."""
        self._session.close()

    def _call(self, method: str, path: str, *, params: Params, content: JSONDict | None = None) -> Answer:
        with self._gate.call():
            reply = self._exchange(method, path, params=params, content=content)
            try:
                return Answer(reply.body, open_reply(reply), reply.headers)
            except RateLimitedError as error:
                if error.retry_after_s:
                    self._gate.hold_back(error.retry_after_s)
                raise

    def _exchange(self, method: str, path: str, *, params: Params, content: JSONDict | None) -> Reply:
        request, is_write = f"{method} {path}", method != "GET"
        try:
            with self._session.request(
                method,
                f"{self._root}/{path}",
                params=list(params),
                data=None if content is None else canonical_json(content),
                headers=None if content is None else {"Content-Type": "application/json"},
                timeout=(min(_CONNECT_S, self._timeout_s), self._timeout_s),
                allow_redirects=False,
                stream=True,
            ) as response:
                body = b"".join(self._bounded(response))
        except (requests.RequestException, HTTPError) as error:
            raise self._explain(error, request=request, is_write=is_write) from None
        said = without_card_data(body.removeprefix(_BOM))
        return Reply(request, self._host, is_write, response.status_code, response.headers, said)

    def _bounded(self, response: requests.Response) -> Iterator[bytes]:
        """Reads the body within the time-out as a whole: the library's own only limits each single wait.

        `read1` hands over what has come; `iter_content` would wait for a full block behind a dripping server.
        """
        deadline, size = time.monotonic() + self._timeout_s, 0
        while chunk := response.raw.read1(_CHUNK, decode_content=True):
            size += len(chunk)
            if time.monotonic() > deadline:
                raise requests.ReadTimeout("the body took too long")
            if size > _LARGEST_ANSWER:
                raise requests.exceptions.ContentDecodingError("the body is too large")
            yield chunk

    def _explain(self, error: requests.RequestException | HTTPError, *, request: str, is_write: bool) -> ConnectorError:
        """Says what a failed exchange means. Texts of the library stay out: they hold the whole address."""
        causes = list(_causes(error))
        if any(isinstance(cause, ssl.SSLCertVerificationError) for cause in causes):
            return ConfigurationError(
                f"The certificate of the shop {self._host} is not valid, so nothing was sent ({request}).",
                resolution="Renew the shop's certificate, or correct the store's address if it names another host.",
            )
        if any(isinstance(cause, NewConnectionError | ConnectTimeoutError) for cause in causes):
            return RemoteUnavailableError(
                f"The shop {self._host} could not be reached, so nothing was sent ({request}).",
                resolution="Nothing to do if the shop was just down. Else check the store's address and the network.",
            )
        is_late = any(isinstance(cause, requests.Timeout | HTTPTimeout | TimeoutError) for cause in causes)
        what = f"no answer within {self._timeout_s:g} s" if is_late else "the connection broke off"
        return unclear(request, host=self._host, is_write=is_write, what=what)


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Lists an error and what lies inside it; the HTTP libraries wrap one in the other in several ways."""
    waiting: list[BaseException] = [error]
    for _ in range(_DEEPEST_CAUSE):
        if not waiting:
            return
        current = waiting.pop(0)
        yield current
        inner = (*current.args, getattr(current, "reason", None), current.__cause__, current.__context__)
        waiting.extend(one for one in inner if isinstance(one, BaseException))
