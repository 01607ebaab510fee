"""What a transaction gets to work with; `execute` builds it, every handler takes it."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation

from sandbox.m3.faults import Settings
from sandbox.m3.refusals import Refusal
from sandbox.m3.state import State

Row = Mapping[str, str]


@dataclass(frozen=True)
class Run:
    """One transaction being executed: the state, the checked record and the site's settings."""

    program: str
    transaction: str
    record: Mapping[str, str]
    state: State
    settings: Settings
    confirm_status: str = ""
    confirm_text: str = ""

    def text(self, field: str, default: str = "") -> str:
        """Give a field as it was sent."""
        return self.record.get(field, default)

    def whole(self, field: str, default: int = 0) -> int:
        """Give a whole number or refuse with XNU0000."""
        value = self.number(field)
        if value is None:
            return default
        if value != int(value):
            raise Refusal("XNU0000", field)
        return int(value)

    def number(self, field: str) -> Decimal | None:
        """Give a number or refuse with XNU0000; None = not sent."""
        raw = self.record.get(field)
        if raw is None:
            return None
        sent = raw.strip()
        try:
            value = Decimal(f"-{sent[:-1]}" if sent.endswith("-") else sent)
        except InvalidOperation as error:
            raise Refusal("XNU0000", field) from error
        if not value.is_finite() or "e" in sent.lower():
            raise Refusal("XNU0000", field)
        return value

    def date(self, field: str, code: str) -> str | None:
        """Give a date YYYYMMDD or refuse with `code`; None = not sent."""
        sent = self.record.get(field)
        if sent is None:
            return None
        try:
            date(int(sent[:4]), int(sent[4:6]), int(sent[6:]))
        except ValueError as error:
            raise Refusal(code, field, value=sent) from error
        if len(sent) != 8:
            raise Refusal(code, field, value=sent)
        return sent

    def date_from_today(self, field: str) -> str | None:
        """Give a delivery date; one in the past is refused with WDL0701."""
        sent = self.date(field, "WDL0701")
        if sent is not None and sent < self.state.today():
            raise Refusal("WDL0701", field, value=sent)
        return sent


Handler = Callable[[Run], Iterable[Row]]
