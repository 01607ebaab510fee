"""Every error the connector raises, sorted by what to do next.

Clients and flows raise them; only workers/base.py turns them into fates.

ConnectorError                       code, message, resolution, context
├─ RetryableError                    try again by itself, with back-off; spends a try
│  ├─ RemoteUnavailableError         connect error, 5xx: surely not executed, or a read
│  ├─ LedgerUnavailableError         PostgreSQL cannot be reached; nothing can be written down, so nothing is done
│  └─ WaitingError                   waits without spending a try
│     ├─ RateLimitedError            429, token bucket or slot not free (retry_after_s)
│     ├─ RecordLockedError           M3 record in use, lock time-out
│     ├─ BreakerOpenError            the endpoint is known to be sick (retry_after_s)
│     ├─ NotYetError                 something on the other side needs time or a person there (retry_after_s)
│     └─ MissingDependencyError      another exchange must settle first (kind, key)
├─ OutcomeUnknownError               a write was sent and its answer not seen: look before anything is repeated
├─ LeaseLostError                    another worker owns the exchange now: stop, change nothing
├─ PermanentError                    a person must act: dead letter with a resolution text
│  ├─ InvalidPayloadError            the body is not what it should be
│  ├─ MappingError                   a rule cannot place a value (rule, field)
│  ├─ UnknownItemError               a SKU has no item in M3 yet; looked at again by itself
│  ├─ NeedsPersonError               M3 holds it, and only a person may go on there; looked at again by itself
│  │  └─ ListCutError                M3 gave a list that is full: what is missing of it nobody knows
│  ├─ ChangedAfterDiscardError       a person discarded it, and the shop asks for something else now
│  ├─ AmountsDifferError             sums do not agree (before writing: held; after Confirm: locked)
│  ├─ M3RejectedError                M3 understood and said no (program, transaction, message_id, field)
│  └─ WooRejectedError               the shop understood and said no (status, remote_code)
└─ ConfigurationError                wrong credentials, unknown store, bad mapping file: the store pauses
"""

from __future__ import annotations

from typing import ClassVar


class ConnectorError(Exception):
    """Base of all expected errors. `message` says what happened and where, `resolution` what to do.

    Neither may hold a secret or a person's data: both are shown in logs, Flower and listings.
    `context` holds a few short technical values (order number, field name, HTTP status).
    """

    code: ClassVar[str] = "connector_error"

    def __init__(self, message: str, *, resolution: str = "", **context: object) -> None:
        super().__init__(message)
        self.message = message
        self.resolution = resolution
        self.context = context


class RetryableError(ConnectorError):
    """It may work later without anybody doing anything."""

    code = "retryable"


class RemoteUnavailableError(RetryableError):
    """The other side could not be reached or answered 5xx, and surely did not execute (or it was a read)."""

    code = "remote_unavailable"


class LedgerUnavailableError(RetryableError):
    """PostgreSQL cannot be reached or dropped the connection; the run stops and its lease runs out."""

    code = "ledger_unavailable"


class WaitingError(RetryableError):
    """Waiting is the right thing and not a failure: no try is spent."""

    code = "waiting"

    def __init__(
        self, message: str, *, retry_after_s: float | None = None, resolution: str = "", **context: object
    ) -> None:
        super().__init__(message, resolution=resolution, **context)
        self.retry_after_s = retry_after_s


class RateLimitedError(WaitingError):
    """429, or our own token bucket or concurrency slots are used up."""

    code = "rate_limited"


class RecordLockedError(WaitingError):
    """A user or job holds the M3 record; it will be free later."""

    code = "record_locked"


class BreakerOpenError(WaitingError):
    """The circuit breaker of the endpoint is open; nothing was sent."""

    code = "breaker_open"


class NotYetError(WaitingError):
    """The other side is still busy, or a person there has to act; looked at again later."""

    code = "not_yet"


class NotTenantError(WaitingError):
    """Another installation writes for the store; this one must not."""

    code = "not_tenant"


class MissingDependencyError(WaitingError):
    """Another exchange has to settle first; this one is made due when `key` of `kind` does.

    `is_of_m3`: it is M3 itself that has to do something first, such as invoice; that may take weeks.
    """

    code = "missing_dependency"

    def __init__(self, message: str, *, kind: str, key: str, resolution: str = "", is_of_m3: bool = False) -> None:
        super().__init__(message, resolution=resolution, kind=kind, key=key)
        self.kind = kind
        self.key = key
        self.is_of_m3 = is_of_m3


class OutcomeUnknownError(ConnectorError):
    """A write left us and its answer was not seen; only a look at the other side can tell."""

    code = "outcome_unknown"


class LeaseLostError(ConnectorError):
    """The lease ran out and the exchange belongs to another worker."""

    code = "lease_lost"


class PermanentError(ConnectorError):
    """Repeating it would end the same way; a person has to act."""

    code = "permanent"


class InvalidPayloadError(PermanentError):
    """A body could not be read as the resource it claims to be."""

    code = "invalid_payload"


class MappingError(PermanentError):
    """A mapping rule could not place a value."""

    code = "unmappable"

    def __init__(self, message: str, *, rule: str = "", field: str = "", resolution: str = "") -> None:
        super().__init__(message, resolution=resolution, rule=rule, field=field)
        self.rule = rule
        self.field = field


class UnknownItemError(PermanentError):
    """A SKU of the order is no item in M3 and nobody mapped it; cures itself once the item or the map is there."""

    code = "unknown_item"


class NeedsPersonError(PermanentError):
    """M3 holds the document in a state that only a person may change (OIS275); read again from time to time."""

    code = "needs_person"


class ListCutError(NeedsPersonError):
    """M3 gave as many rows as it was asked for, so it may have more; nothing is done on the strength of a part."""

    code = "list_cut"


class ChangedAfterDiscardError(PermanentError):
    """A person said that the connector shall not carry it; what the shop says now is not carried without their word either."""

    code = "changed_after_discard"


class AmountsDifferError(PermanentError):
    """Two sums that must be equal are not."""

    code = "amounts_differ"


class M3RejectedError(PermanentError):
    """M3 answered NOK to a transaction: it understood the request and did not execute it."""

    code = "m3_rejected"

    def __init__(
        self,
        message: str,
        *,
        program: str,
        transaction: str,
        message_id: str = "",
        field: str = "",
        resolution: str = "",
    ) -> None:
        super().__init__(
            message,
            resolution=resolution,
            program=program,
            transaction=transaction,
            message_id=message_id,
            field=field,
        )
        self.program = program
        self.transaction = transaction
        self.message_id = message_id
        self.field = field

    def advising(self, resolution: str, *, detail: str = "") -> M3RejectedError:
        """Returns the same refusal with another remedy, from who knows what was to become of the request.

        Args:
            resolution: What to do.
            detail: What the message says besides.
        """
        return M3RejectedError(
            f"{self.message}{detail}",
            program=self.program,
            transaction=self.transaction,
            message_id=self.message_id,
            field=self.field,
            resolution=resolution,
        )


class WooRejectedError(PermanentError):
    """The shop answered 4xx: it understood the request and refused it."""

    code = "shop_rejected"

    def __init__(self, message: str, *, status: int, remote_code: str = "", resolution: str = "") -> None:
        super().__init__(message, resolution=resolution, status=status, remote_code=remote_code)
        self.status = status
        self.remote_code = remote_code


class ConfigurationError(ConnectorError):
    """Settings, credentials or a configuration file are wrong; nothing of that store can work."""

    code = "configuration"
