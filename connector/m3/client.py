"""Sends transactions to M3 and says what became of each; used by the flows and by `connector check`.

Everything goes as bulk POST, one program a request. A write is never repeated by itself, but for one repetition after a
401, which M3 has surely not seen.
Source: protocol.md sections 5 (bulk), 4 (errors) and 8 (gateway).
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from copy import copy
from dataclasses import replace

import structlog

from connector.errors import (
    ConfigurationError,
    ConnectorError,
    M3RejectedError,
    OutcomeUnknownError,
    RateLimitedError,
    RemoteUnavailableError,
)
from connector.m3.bulk import M3Context, Request, answers_of, split
from connector.m3.calls import Answer, Call
from connector.m3.catalogue import Catalogue
from connector.m3.ceiling import PROBE, PROBE_ROWS, is_beyond, is_doubtful, may_be_cut
from connector.m3.envelope import Item, UnreadableAnswerError, read_envelope
from connector.m3.ionapi import IonApi
from connector.m3.operations import Operation, Operations
from connector.m3.token import TokenSource
from connector.m3.transport import HttpAnswer, NoAnswerError, NotSentError, Transport
from connector.throttle.gate import Gate
from connector.throttle.retry_after import retry_after_s

__all__ = ["Answer", "Call", "M3Client"]

# M3 must have been cut off by the gateway before we give up, so that the gateway's word comes first.
BEYOND_CUT_S = 5.0
OK, UNAUTHORIZED, TOO_LARGE, TOO_MANY, SERVER_ERROR = 200, 401, 413, 429, 500
READABLE = (200, 400)
REFUSED_BY_GATEWAY = {
    403: "The gateway forbids it. In Infor ION API, look at the scopes and authorisation policy of the authorised app.",
    404: "The address is wrong. Compare `api_path` of the store file with the API suite in Infor ION API, and `iu` and "
    "`ti` with the .ionapi file.",
    405: "The gateway does not allow POST there. Compare `api_path` of the store file with the API suite in ION API.",
}

_log = structlog.get_logger(__name__)


class M3Client:
    """One store's way into M3. Keeps its connections; not shared between processes."""

    def __init__(
        self,
        ionapi: IonApi,
        *,
        tokens: TokenSource,
        gate: Gate,
        context: M3Context,
        operations: Operations,
        catalogue: Catalogue | None = None,
    ) -> None:
        """Joins the parts; sends nothing yet.

        Args:
            ionapi: The store's .ionapi file.
            tokens: Gives the access token.
            gate: Limits of the endpoint, shared by all workers.
            context: Company, division, gateway.
            operations: The store's operations.
            catalogue: Published signatures; this package's own when left out.
        """
        self._tokens = tokens
        self._gate = gate
        self._context = context
        self._operations = operations
        self._catalogue = catalogue or Catalogue.load()
        self._has_ceiling: bool | None = None
        self._transport = Transport(
            ionapi.execute_url(context.api_path), read_timeout_s=context.gateway_cut_s + BEYOND_CUT_S
        )

    def read(self, calls: Sequence[Call], *, max_records: int = 100) -> list[Answer]:
        """Executes transactions that change nothing.

        Args:
            calls: Any number, of any programs; one request per program and 80 calls.
            max_records: Longest list M3 returns per call; a full one is marked `is_cut`, also if the gateway gives fewer.

        Returns:
            One answer a call, in their order; a refused call carries its error.

        Raises:
            MappingError: A value does not fit its field; nothing was sent.
            ConfigurationError: Credentials, address, an operation or a field name is wrong.
            RemoteUnavailableError: M3 did not answer, or not readably.
            RateLimitedError, BreakerOpenError: Not sent, or refused by the gateway; later.
        """
        answers = self._run(calls, is_write=False, max_records=max_records)
        if any(map(is_beyond, answers)):
            self._has_ceiling = False
        if any(is_doubtful(one, max_records=max_records) for one in answers) and self._may_be_cut_at_ceiling():
            return [replace(one, is_cut=one.is_cut or is_doubtful(one, max_records=max_records)) for one in answers]
        return answers

    def write(self, calls: Sequence[Call]) -> list[Answer]:
        """Executes transactions that change something.

        Returns:
            One answer a call, in their order; a refused call carries its error. If a later request of several could
            not be executed, its calls have `processed` False and carry the reason.

        Raises:
            OutcomeUnknownError: Sent, and what became of it is not known; look at M3 before anything is repeated.
            ConnectorError: Any other: surely nothing was executed.
        """
        return self._run(calls, is_write=True, max_records=100)

    def as_kind(self, kind: str, *, for_kind: str) -> M3Client:
        """Returns the same way into M3, on which operations of one kind stand for those of another; see `standing_in`."""
        other = copy(self)
        other._operations = self._operations.standing_in(kind, for_kind=for_kind)
        return other

    def name_of(self, call: Call) -> str:
        """Returns the program and transaction a call goes to at this site, for showing."""
        operation = self._operations.get(call.operation)
        return f"{operation.program}/{operation.transaction}"

    def close(self) -> None:
        """Closes the connections."""
        self._transport.close()

    def _may_be_cut_at_ceiling(self) -> bool:
        """Asks whether the gateway cuts lists, until something shows it; as long as nothing does, they may be cut."""
        if self._has_ceiling is None:
            (probe,) = self._run([PROBE], is_write=False, max_records=PROBE_ROWS)
            self._has_ceiling = may_be_cut(probe)
        return self._has_ceiling is not False

    def _run(self, calls: Sequence[Call], *, is_write: bool, max_records: int) -> list[Answer]:
        operations = [self._operations.get(call.operation) for call in calls]
        for call, operation in zip(calls, operations, strict=True):
            self._check(call, operation)
        answers: dict[int, Answer] = {}
        for request in split(calls, operations, is_write=is_write, max_records=max_records):
            try:
                items = self._send(request)
            except OutcomeUnknownError:
                raise
            except ConnectorError as error:
                if not (is_write and answers):
                    raise
                refused = [Answer(call, (), error, processed=False) for call in request.calls]
                answers.update(zip(request.places, refused, strict=True))
            else:
                answers.update(zip(request.places, answers_of(request, items), strict=True))
        return [answers[place] for place in range(len(calls))]

    def _check(self, call: Call, operation: Operation) -> None:
        if operation.is_overridden and self._catalogue.find(operation.program, operation.transaction) is None:
            return  # a transaction of the site's own: only M3 knows its fields
        self._catalogue.check_fields(
            operation.program,
            operation.transaction,
            operation.to_site(call.fields),
            site_fields=operation.site_names.values(),
        )

    def _send(self, request: Request) -> list[Item]:
        body = request.body(self._context)
        bearer = self._tokens.bearer()
        items = self._send_once(request, body, bearer)
        if items is None:
            items = self._send_once(request, body, self._tokens.renew_after_401(bearer))
        if items is None:
            raise ConfigurationError(
                "M3's gateway refuses a fresh access token (401).",
                resolution="In Infor ION API, look whether the authorised app and its service account are active and "
                "allowed to use the M3 API suite; then download a new .ionapi file if they were recreated.",
            )
        return items

    def _send_once(self, request: Request, body: bytes, bearer: str) -> list[Item] | None:
        """Sends one request through the gate; None if the token was refused (401)."""
        headers = {
            "Authorization": f"Bearer {bearer}",
            "Content-Type": "application/json",
            "Accept": "application/json",
        }
        with self._gate.call():
            started = time.perf_counter()
            outcome = "failed"
            try:
                answer = self._post(request, body, headers)
                outcome = str(answer.status)
                return self._understand(request, answer)
            except ConnectorError as error:
                outcome = f"{outcome} {error.code}"
                raise
            finally:
                _log.info(
                    "m3_call",
                    program=request.program,
                    transactions=",".join(dict.fromkeys(request.transactions)),
                    count=len(request.calls),
                    duration_ms=round((time.perf_counter() - started) * 1000),
                    outcome=outcome,
                )

    def _post(self, request: Request, body: bytes, headers: dict[str, str]) -> HttpAnswer:
        try:
            return self._transport.post(body, headers)
        except NotSentError as error:
            if error.is_certificate:
                raise ConfigurationError(
                    "The certificate of the M3 gateway is not trusted.",
                    resolution="Check `iu` of the .ionapi file; behind a company proxy, set REQUESTS_CA_BUNDLE.",
                ) from None
            raise RemoteUnavailableError(
                f"M3's gateway cannot be reached ({error}).",
                resolution="Nothing to do if it passes; else check `iu` of the .ionapi file, network and proxy.",
            ) from None
        except NoAnswerError as error:
            raise request.failure(f"no answer ({error})") from None

    def _understand(self, request: Request, answer: HttpAnswer) -> list[Item] | None:
        """What the status says first, then the envelope; None for a refused token."""
        status = answer.status
        if status == UNAUTHORIZED:
            return None
        if status == TOO_MANY:
            wait_s = retry_after_s(answer.headers.get("Retry-After"))
            self._gate.hold_back(wait_s)
            raise RateLimitedError("M3's gateway is throttling (429).", retry_after_s=wait_s)
        if status in REFUSED_BY_GATEWAY:
            raise ConfigurationError(f"M3's gateway answered {status}.", resolution=REFUSED_BY_GATEWAY[status])
        if status == TOO_LARGE:
            raise M3RejectedError(
                f"M3's gateway finds the request too large ({len(request.calls)} transactions of {request.program}).",
                program=request.program,
                transaction=request.transactions[0],
                resolution="Shorten texts of the order, or raise the gateway's limit; then release.",
            )
        if status not in READABLE:
            raise request.failure(f"HTTP {status}")
        try:
            return read_envelope(status, answer.body, request.transactions)
        except UnreadableAnswerError as error:
            raise request.failure(f"HTTP {status}, the answer cannot be read: {error}") from None
