"""What is asked of M3 and what it answers: one call, one answer; made by the program modules, carried by the client."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from connector.errors import ConnectorError


@dataclass(frozen=True, slots=True)
class Call:
    """One transaction to execute.

    `operation` is a key of config/m3/operations.yaml, `fields` the input by published field name (blank values are left
    out when sent: a blank keeps M3's default), `columns` the output fields wanted (none = all).
    """

    operation: str
    fields: Mapping[str, str]
    columns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of one call.

    `processed` is False if M3 surely did not execute it; then `error` says why. `is_cut` means that a list came back
    full, so that M3 may hold more rows.
    """

    call: Call
    records: tuple[dict[str, str], ...]
    error: ConnectorError | None = None
    processed: bool = True
    is_cut: bool = False

    def require(self) -> tuple[dict[str, str], ...]:
        """Returns the records.

        Raises:
            ConnectorError: The error of this call, if it has one.
        """
        if self.error is not None:
            raise self.error
        return self.records

    def first(self) -> dict[str, str]:
        """Returns the first record, or an empty one if M3 sent none.

        Raises:
            ConnectorError: The error of this call, if it has one.
        """
        records = self.require()
        return records[0] if records else {}
