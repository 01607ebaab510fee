"""What is asked of M3 and what it answers: one call, one answer; made by the program modules, carried by the client."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from connector.errors import ConnectorError, ListCutError

NAMED = ("ORNO", "RIDN", "DLIX", "ITNO", "STYN")
"""Fields that a message may show: none of them tells of a person."""

Record = Mapping[str, str]


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
    full, so that M3 may hold more rows: `require` refuses it then, and only `page` gives what there is. `name` is the
    transaction as the site has it.
    """

    call: Call
    records: tuple[dict[str, str], ...]
    error: ConnectorError | None = None
    processed: bool = True
    is_cut: bool = False
    name: str = ""

    def require(self) -> tuple[dict[str, str], ...]:
        """Returns all the records.

        Raises:
            ListCutError: M3 may have more of them.
            ConnectorError: The error of this call, if it has one.
        """
        if self.is_cut:
            raise self._cut()
        return self.page()

    def require_of(self, is_wanted: Callable[[Record], bool]) -> tuple[dict[str, str], ...]:
        """Returns all the records with the key asked for, of a list that begins there and goes on past it.

        Args:
            is_wanted: Whether a record has that key.

        Raises:
            ListCutError: The last one still has it, so M3 may have more of them.
            ConnectorError: The error of this call, if it has one.
        """
        if self.is_cut_among(is_wanted):
            raise self._cut()
        return tuple(record for record in self.page() if is_wanted(record))

    def is_cut_among(self, is_wanted: Callable[[Record], bool]) -> bool:
        """Tells whether M3 may have more records with the key asked for: the list is full, and its last one has it."""
        return self.is_cut and is_wanted(self.records[-1])

    def page(self) -> tuple[dict[str, str], ...]:
        """Returns the records there are; for who goes on from the last one, or looks for one that comes first.

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
        records = self.page()
        return records[0] if records else {}

    def _cut(self) -> ListCutError:
        of = next((f" of {name} {self.call.fields[name]}" for name in NAMED if self.call.fields.get(name)), "")
        return ListCutError(
            f"M3 lists {len(self.records)} rows{of} at once ({self.name or self.call.operation}), and may have more.",
            resolution="The connector does nothing with a part of a list. Do in M3 by hand what was to be done (with an order: in "
            "OIS300), then discard this exchange.",
        )
