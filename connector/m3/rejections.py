"""What M3's refusals mean: one table from message id to error class and remedy; used by the client and the flows."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from connector.errors import ConfigurationError, ConnectorError, M3RejectedError, RecordLockedError


class Meaning(StrEnum):
    """What a refusal asks for."""

    LOCKED = "locked"  # somebody holds or has just changed the record: later
    NOT_FOUND = "not_found"  # the record asked for does not exist
    EXISTS = "exists"  # it is there already: often the answer hoped for
    DATA = "data"  # the same input is refused for ever
    CONFIGURATION = "configuration"  # user, authority or names: nothing of this store works


@dataclass(frozen=True, slots=True)
class Refusal:
    """An error as M3 gives it: `message_id` and `error_type` may be empty, `message` is in the user's language."""

    message: str
    message_id: str = ""
    error_type: str = ""
    field: str = ""


@dataclass(frozen=True, slots=True)
class Rule:
    """What one message id means, what to do, and where the knowledge comes from."""

    meaning: Meaning
    resolution: str
    source: str


_TEXTS = "message file extract (reference protocol.md section 4, S15)"
_SEEN = "answers in published test data (protocol.md section 4, S10 and S11)"
_LIVE = "field report of a live tenant (protocol.md section 4, S9)"

MESSAGES: dict[str, Rule] = {
    "XO_1130": Rule(Meaning.LOCKED, "Nothing to do: it is tried again when the record is free.", _TEXTS),
    "XUP0001": Rule(Meaning.LOCKED, "Nothing to do: the record is read again and the change repeated.", _TEXTS),
    "XRE0103": Rule(Meaning.NOT_FOUND, "Create the record in M3, or correct the value that names it.", _TEXTS),
    "XRE0104": Rule(Meaning.EXISTS, "Look at the existing record in M3; it may be the one wanted.", _TEXTS),
    "WIT0101": Rule(Meaning.DATA, "Correct the item number, or map the SKU to an M3 item.", _TEXTS),
    "WIT0102": Rule(Meaning.DATA, "The line has no item number: map the SKU to an M3 item.", _TEXTS),
    "WIT0103": Rule(
        Meaning.NOT_FOUND,
        "Create the item in M3 (MMS001), an alias (MMS025), or map the SKU to another item.",
        _TEXTS,
    ),
    "WCU0203": Rule(
        Meaning.NOT_FOUND,
        "Create the customer in M3 (CRS610), or correct its number in the store file.",
        _TEXTS,
    ),
    "WOR0303": Rule(Meaning.NOT_FOUND, "Look the order up in M3 (OIS300, OIS275): it may have been deleted.", _TEXTS),
    "WWH0103": Rule(Meaning.NOT_FOUND, "Correct the warehouse in the store file, or create it in MMS005.", _TEXTS),
    "WFAC303": Rule(Meaning.DATA, "Correct the facility in the store file.", _TEXTS),
    "WPO0403": Rule(Meaning.NOT_FOUND, "Add the alias in MMS025, or map the SKU to an M3 item.", _TEXTS),
    "WAD1001": Rule(Meaning.DATA, "Correct the address number, or its record in OIS002.", _TEXTS),
    "WAD1003": Rule(Meaning.NOT_FOUND, "Create the address in OIS002, or correct its number.", _TEXTS),
    "WST0301": Rule(Meaning.DATA, "Look at the status of the record in M3: it does not allow this step.", _TEXTS),
    "WMO0103": Rule(
        Meaning.NOT_FOUND, "Correct the delivery method in the store's lookups, or create it in CRS070.", _TEXTS
    ),
    "WDL0701": Rule(
        Meaning.DATA,
        "Compare lead_days and working_days of the store with M3's calendar, then release.",
        _TEXTS,
    ),
    "XNU0000": Rule(Meaning.DATA, "Correct the mapping rule of the field: M3 wants a number.", _TEXTS),
    "XNU0003": Rule(Meaning.DATA, "Correct the mapping rule of the field: M3 takes no negative number there.", _TEXTS),
    "X_01003": Rule(Meaning.CONFIGURATION, "Activate the M3 user of the service account (MNS150).", _TEXTS),
    "XAU0008": Rule(
        Meaning.CONFIGURATION,
        "Authorise the M3 user of the service account for the company (MNS150, SES400).",
        _SEEN,
    ),
    "XIM0002": Rule(Meaning.DATA, "Correct the customer number.", _SEEN),
    "CPF9898": Rule(Meaning.DATA, "Read M3's text above: it says what is wrong.", _SEEN),
}

ERROR_TYPES: dict[str, Rule] = {
    "TransactionNotFound": Rule(
        Meaning.CONFIGURATION,
        "This M3 does not have the program or transaction: bind another one under `operations` of the store file.",
        _LIVE,
    ),
    "MandatoryInputFieldNotFound": Rule(Meaning.DATA, "Add a mapping rule for the field: this M3 demands it.", _LIVE),
    "InputFieldTooLong": Rule(Meaning.DATA, "Shorten the value by a mapping rule: this M3 holds less.", _LIVE),
}

UNKNOWN = Rule(
    Meaning.DATA,
    "Read M3's text above (GetMessageText translates it), correct the cause, then release.",
    "",
)

# Values of these input fields belong to a person; M3 repeats values in its texts.
_PERSONAL = frozenset(
    {
        *("CUNM", "CUA1", "CUA2", "CUA3", "CUA4", "PONO", "TOWN", "PHNO", "PHN2", "TFNO", "TFN2"),
        *("MAIL", "EMAL", "CESA", "VRNO", "TEL2", "DSTX", "TX40", "PARM", "YRE2"),
    }
)
_SHORTEST_MASKED = 3
_LENGTH_OF_TEXTS = 60  # TX60; what is as long may have been cut
_E_MAIL = re.compile(r"\S+@\S+")


def rejection(refusal: Refusal, *, program: str, transaction: str, sent: Mapping[str, str]) -> ConnectorError:
    """Returns the error for one refused transaction.

    Args:
        refusal: What M3 said.
        program: MI program as called.
        transaction: Transaction as called.
        sent: The input; personal values that M3 repeats in its text are masked.

    Returns:
        RecordLockedError, ConfigurationError or M3RejectedError; `context["message_id"]` is M3's id.
    """
    rule = rule_for(refusal)
    where = f"{program}/{transaction}"
    code = refusal.message_id or refusal.error_type or "no message id"
    at_field = f" (field {refusal.field})" if refusal.field else ""
    text = without_personal_data(refusal.message, [sent[field] for field in _PERSONAL & sent.keys()])
    message = f"{where}: {text} [{code}]{at_field}"
    if rule.meaning is Meaning.LOCKED:
        return RecordLockedError(message, resolution=rule.resolution, message_id=refusal.message_id)
    if rule.meaning is Meaning.CONFIGURATION:
        return ConfigurationError(message, resolution=rule.resolution, message_id=refusal.message_id)
    return M3RejectedError(
        message,
        program=program,
        transaction=transaction,
        message_id=refusal.message_id,
        field=refusal.field,
        resolution=rule.resolution,
    )


def rule_for(refusal: Refusal) -> Rule:
    """Returns what a refusal means; the message id decides, then the error type, never the text."""
    return MESSAGES.get(refusal.message_id) or ERROR_TYPES.get(refusal.error_type) or UNKNOWN


def is_not_found(error: ConnectorError | None) -> bool:
    """Says whether M3 answered that the record asked for does not exist."""
    return _means(error, Meaning.NOT_FOUND)


def already_exists(error: ConnectorError | None) -> bool:
    """Says whether M3 answered that the record to be created is there already."""
    return _means(error, Meaning.EXISTS)


def _means(error: ConnectorError | None, meaning: Meaning) -> bool:
    if not isinstance(error, M3RejectedError):
        return False
    rule = MESSAGES.get(error.message_id)
    return rule is not None and rule.meaning is meaning


def without_personal_data(text: str, values: Iterable[str]) -> str:
    """Returns one text of M3 with the given values and all e-mail addresses masked.

    Args:
        text: As M3 gave it; it may end in the middle of a value.
        values: What belongs to a person; letter case does not matter, and very short ones are left.
    """
    is_full = len(text) >= _LENGTH_OF_TEXTS
    for value in sorted({one.strip() for one in values}, key=len, reverse=True):
        if len(value) < _SHORTEST_MASKED:
            continue
        is_word = value.isascii() and value.isalnum()  # of "An der Elbe" it is not to be read out of "Order"
        pattern = rf"\b{re.escape(value)}\b" if is_word else re.escape(value)
        text = re.sub(pattern, "***", text, flags=re.IGNORECASE)
        if is_full:
            text = _without_cut_end(text, value)
    return _E_MAIL.sub("***", text)


def _without_cut_end(text: str, value: str) -> str:
    folded = text.casefold()
    for length in range(len(value) - 1, _SHORTEST_MASKED - 1, -1):
        if folded.endswith(value[:length].casefold()) and not folded[:-length][-1:].isalnum():
            return text[:-length] + "***"
    return text
