"""Write answers in the published v2 shapes; `gateway` sends what this module builds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sandbox.m3.refusals import InvalidCall, Refusal

MESSAGE_WIDTH = 65
"""A NOK text of a single call is padded to this width and followed by code and field (v2-nok-http200.json)."""

Row = Mapping[str, str]


@dataclass(frozen=True)
class Outcome:
    """What became of one item: records, an error, or not processed (both None)."""

    transaction: str
    records: Sequence[Row] | None = None
    error: Refusal | InvalidCall | None = None
    parameters: Mapping[str, str] | None = None


@dataclass(frozen=True)
class Answer:
    """An HTTP status with a JSON body; an empty one is sent as no body at all."""

    status: int
    body: Mapping[str, Any]
    headers: Mapping[str, str] = field(default_factory=dict)


def top_level_error(error: Refusal | InvalidCall) -> Answer:
    """Write the HTTP 400 shape: the error keys stand at the top level, there are no results."""
    body = {"errorMessage": error.message, "errorType": _type_of(error)}
    if isinstance(error, Refusal):
        body["errorCode"] = error.code
    if error.field or isinstance(error, Refusal):
        body["errorField"] = error.field
    return Answer(400, body)


def answer(outcomes: Sequence[Outcome], *, is_bulk: bool, nok_shape: str) -> Answer:
    """Write the answer of a call.

    Args:
        nok_shape: "200" = a business error stands in its result; "400" = at the top level, where the call has only
            one item (a bulk of several keeps its errors in the results).
    """
    alone = outcomes[0].error if len(outcomes) == 1 else None
    if alone is not None and (nok_shape == "400" or (isinstance(alone, InvalidCall) and not is_bulk)):
        return top_level_error(alone)
    failed = sum(outcome.error is not None for outcome in outcomes)
    skipped = sum(outcome.error is None and outcome.records is None for outcome in outcomes)
    body: dict[str, Any] = {
        "results": [_result(outcome, is_bulk=is_bulk) for outcome in outcomes],
        "wasTerminated": skipped > 0,
    }
    if skipped:
        body["terminationReason"] = "The run was stopped"
        body["terminationErrorType"] = "ServerTerminated"
    body["nrOfSuccessfullTransactions"] = len(outcomes) - failed - skipped
    body["nrOfFailedTransactions"] = failed
    body["nrOfNotProcessedTransactions"] = skipped
    if skipped:
        body["bulkJobId"] = ""
    return Answer(200, body)


def _result(outcome: Outcome, *, is_bulk: bool) -> dict[str, Any]:
    result: dict[str, Any] = {"transaction": outcome.transaction}
    if outcome.parameters is not None:
        result["parameters"] = dict(outcome.parameters)
    if outcome.records is not None:
        result["records"] = outcome.records
    elif outcome.error is None:
        result["notProcessed"] = True
    else:
        result |= _error_keys(outcome.error, is_bulk=is_bulk)
    return result


def _error_keys(error: Refusal | InvalidCall, *, is_bulk: bool) -> dict[str, str]:
    code = error.code if isinstance(error, Refusal) else ""
    message = error.message
    if code and error.field and not is_bulk:
        message = f"{message.ljust(MESSAGE_WIDTH)}{code} {error.field}"
    return {
        "errorMessage": message,
        "errorType": _type_of(error),
        "errorCode": code,
        "errorCfg": "",
        "errorField": error.field,
    }


def _type_of(error: Refusal | InvalidCall) -> str:
    return "ServerReturnedNOK" if isinstance(error, Refusal) else error.error_type
