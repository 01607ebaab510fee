"""Positional lines for GLS840MI/AddBatchLine: where each value stands in PARM, as the site has it in GLS850.

Read from config/m3/layouts/<name>.yaml by the runtime; rendered by the invoice flow, drawn by `connector mapping preview`.
Source: money-and-stock.md section 10.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from decimal import Decimal
from enum import StrEnum
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from connector.accounting.accounts import Account
from connector.errors import ConfigurationError, MappingError
from connector.m3.values import number_text
from connector.yaml_text import read_yaml_file, what_is_wrong

LONGEST = 900
FIELDS = frozenset(
    {
        *("INRI", "CUNO", "PYNO", "CINO", "INYR", "IVDT", "DUDT", "CUCD", "CUAM", "DBCR", "ACDT", "VTCD", "VTXT"),
        *(f"AIT{place}" for place in range(1, 8)),
    }
)
"""What an invoice line can say, by M3's names; a constant may stand under any name."""
EVERY_LINE = ("AIT1", "CUCD", "ACDT", "VTXT")
"""Without these a line is not what was planned, or cannot be found in the ledger again."""

Value = str | Decimal | date


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class RecordKind(StrEnum):
    """What a record type is for."""

    RECEIVABLE = "receivable"  # the customer invoice itself
    OTHER = "other"  # what stands against it


NEEDED = {RecordKind.RECEIVABLE: (*EVERY_LINE, "CUNO", "PYNO", "CINO", "DUDT"), RecordKind.OTHER: EVERY_LINE}
"""The customer, payer, invoice number and due date are why invoices go by position at all (money-and-stock section 10)."""


class Place(_Part):
    """One value in the line: positions count from 1, both ends included."""

    field: str
    first: int = Field(alias="from", ge=1)
    last: int = Field(alias="to", le=LONGEST)
    align: Literal["left", "right"] = "left"
    pad: str = Field(default=" ", min_length=1, max_length=1)
    sign: Literal["none", "leading", "trailing"] = (
        "none"  # of amounts: negative for credit, where no D or C tells the side
    )
    decimals: int | None = Field(default=None, ge=0, le=6)  # of amounts; left out: as the currency has them
    value: str = ""  # a constant

    @property
    def width(self) -> int:
        """How many characters it holds."""
        return self.last - self.first + 1

    @model_validator(mode="after")
    def _is_possible(self) -> Self:
        if self.last < self.first:
            raise ValueError(f"{self.field}: ends at {self.last} before it begins at {self.first}")
        if not self.value and self.field not in FIELDS:
            raise ValueError(
                f"{self.field}: nothing fills it; give it a `value`, or one of {', '.join(sorted(FIELDS))}"
            )
        if len(self.value) > self.width:
            raise ValueError(f"{self.field}: the value has {len(self.value)} characters, {self.width} are there")
        if self.align == "left" and self.pad.isdigit():
            raise ValueError(f"{self.field}: {self.pad!r} after a value makes another one; let it align: right")
        if self.field == "CUAM" and self.pad not in (" ", "0"):
            raise ValueError(f"{self.field}: an amount is padded with blanks or zeros, not with {self.pad!r}")
        return self

    def fill(self, text: str) -> str:
        """Returns a text at its full width; a minus stands before the zeros that fill it up."""
        if self.align == "left":
            return text.ljust(self.width, self.pad)
        minus, digits = ("-", text[1:]) if self.pad == "0" and text.startswith("-") else ("", text)
        return minus + digits.rjust(self.width - len(minus), self.pad)


class RecordLayout(_Part):
    """One record type."""

    identity: str = Field(min_length=1, max_length=2)  # INRI
    kind: RecordKind = Field(alias="for")
    places: tuple[Place, ...] = Field(alias="fields")

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        ordered = sorted(self.places, key=lambda one: one.first)
        for left, right in pairwise(ordered):
            if right.first <= left.last:
                raise ValueError(
                    f"{self.identity}: {left.field} ({left.first}-{left.last}) and {right.field} "
                    f"({right.first}-{right.last}) overlap"
                )
        amounts = [one for one in self.places if one.field == "CUAM"]
        if len(amounts) != 1:
            raise ValueError(f"{self.identity}: CUAM, the amount, must stand in it once")
        if self.kind is RecordKind.OTHER and not self.tells_side:
            raise ValueError(f"{self.identity}: neither DBCR nor a sign of CUAM tells debit from credit")
        missing = [one for one in NEEDED[self.kind] if one not in self.filled]
        if missing:
            raise ValueError(f"{self.identity}: {', '.join(missing)} must stand in it, not as a constant")
        return self

    @property
    def tells_side(self) -> bool:
        """Whether it tells debit from credit."""
        return any(one.field == "DBCR" or (one.field == "CUAM" and one.sign != "none") for one in self.places)

    @property
    def filled(self) -> frozenset[str]:
        """The fields that hold what each line says; constants are none."""
        return frozenset(one.field for one in self.places if not one.value)


class Layout(_Part):
    """All record types of an interface."""

    interface: str = Field(min_length=1, max_length=15)
    decimal_mark: Literal[".", ",", ""] = "."
    date: str = "%Y%m%d"
    debit: str = Field(default="D", min_length=1, max_length=1)
    credit: str = Field(default="C", min_length=1, max_length=1)
    records: tuple[RecordLayout, ...]

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if sorted(one.kind for one in self.records) != sorted(RecordKind):
            raise ValueError("there must be one record for: receivable and one for: other")
        if not self.decimal_mark and any(
            place.decimals is None for record in self.records for place in record.places if place.field == "CUAM"
        ):
            raise ValueError("without a decimal_mark each CUAM needs its `decimals`")
        return self

    def record(self, kind: RecordKind) -> RecordLayout:
        """Returns the record type for a kind of line."""
        return next(one for one in self.records if one.kind is kind)

    def require_side(self, kind: RecordKind) -> None:
        """Makes sure that a record tells debit from credit, as the receivable must where invoices are credited.

        Raises:
            ConfigurationError: It does not.
        """
        record = self.record(kind)
        if not record.tells_side:
            raise ConfigurationError(
                f"Record {record.identity} of layout {self.interface} has neither DBCR nor a sign of CUAM, so a credit "
                "(invoices.credit_prefix) would be an invoice.",
                resolution="Give it one in the layout file and in GLS850, or take credit_prefix out of the store file.",
            )

    def require_room(self, kind: RecordKind, accounts: Iterable[Account], *, has_vat_codes: bool = False) -> None:
        """Makes sure that nothing the store file says of an account is dropped.

        Args:
            kind: The lines they are on.
            accounts: The accounts.
            has_vat_codes: They get VAT codes by rate, besides their own.

        Raises:
            ConfigurationError: A VAT code or a dimension has no place in the record.
        """
        record = self.record(kind)
        named = {
            name
            for one in accounts
            for name in (*one.dimensions, *(("VTCD",) if one.vat_code or has_vat_codes else ()))
        }
        missing = sorted(named - record.filled)
        if missing:
            raise ConfigurationError(
                f"{', '.join(missing)}: an account of the store file's `invoices` has it, and record {record.identity} of layout "
                f"{self.interface} no place for it.",
                resolution="Give it a place in the layout file and in GLS850, or take it out of `invoices`.",
            )

    def render(self, kind: RecordKind, values: Mapping[str, Value]) -> str:
        """Returns the line, without blanks at its end.

        Raises:
            MappingError: A value is longer than its place; nothing is ever cut.
        """
        record = self.record(kind)
        line = [" "] * max(one.last for one in record.places)
        for place, text in self._texts(record, values):
            line[place.first - 1 : place.last] = text
        return "".join(line).rstrip()

    def _texts(self, record: RecordLayout, values: Mapping[str, Value]) -> Iterator[tuple[Place, str]]:
        known = {"INRI": record.identity, **values}
        self._require_places(record, values)
        for place in record.places:
            text = place.value or self._text(place, known.get(place.field, ""), is_debit=known.get("DBCR") != "C")
            if len(text) > place.width:
                raise MappingError(
                    f"{place.field} has {len(text)} characters, {place.width} are there (positions {place.first}-"
                    f"{place.last} of {record.identity}).",
                    rule=f"layout {self.interface}",
                    field=place.field,
                    resolution="Widen the place in the layout file and in GLS850, or correct the value; then release.",
                )
            yield place, place.fill(text)

    def _require_places(self, record: RecordLayout, values: Mapping[str, Value]) -> None:
        """What the runtime refuses when it reads the files (`require_room`) is held here too, should it ever come so far."""
        said = {name for name, value in values.items() if value != "" and (name.startswith("AIT") or name == "VTCD")}
        missing = sorted(said - record.filled)
        if missing:
            raise MappingError(
                f"{', '.join(missing)}: an account of the store file has it, and record {record.identity} no place for it.",
                rule=f"layout {self.interface}",
                field=missing[0],
                resolution="Give it a place in the layout file and in GLS850, or take it from the account; then release.",
            )

    def _text(self, place: Place, value: Value, *, is_debit: bool) -> str:
        if place.field == "DBCR":
            return self.debit if is_debit else self.credit
        if isinstance(value, date):
            return value.strftime(self.date)
        if isinstance(value, Decimal):
            return self._amount(place, value, is_debit=is_debit)
        return value

    def _amount(self, place: Place, value: Decimal, *, is_debit: bool) -> str:
        fixed = value if place.decimals is None else value.quantize(Decimal(1).scaleb(-place.decimals))
        if fixed != value:
            raise MappingError(
                f"{place.field}: the amount has more than {place.decimals} decimals.",
                rule=f"layout {self.interface}",
                field=place.field,
                resolution="Raise the `decimals` of the place in the layout file and in GLS850; then release.",
            )
        digits = number_text(fixed).replace(".", self.decimal_mark)
        minus = "-" if place.sign != "none" and not is_debit else ""
        return f"{minus}{digits}" if place.sign == "leading" else f"{digits}{minus}"

    def ruler(self, kind: RecordKind) -> list[str]:
        """Returns the record drawn: tens, ones, and each value's name at its place (a dot for every further position)."""
        record = self.record(kind)
        width = max(one.last for one in record.places)
        tens = "".join(f"{position // 10:>10}" for position in range(10, width + 10, 10))[:width]
        ones = "".join(str(position % 10) for position in range(1, width + 1))
        names = [" "] * width
        for place in record.places:
            names[place.first - 1 : place.last] = place.field[: place.width].ljust(place.width, ".")
        return [tens, ones, "".join(names)]


def load_layout(path: Path) -> Layout:
    """Reads a layout file.

    Raises:
        ConfigurationError: It is missing, no YAML, or places overlap, end beyond 900, or leave the side untold.
    """
    try:
        content: Any = read_yaml_file(path)
        return Layout.model_validate(content)
    except OSError:
        raise ConfigurationError(
            f"{path} is missing or cannot be read.",
            resolution="Put the layout of the interface there, or correct invoices.layout of the store file.",
        ) from None
    except yaml.YAMLError as error:
        raise ConfigurationError(f"{path}{what_is_wrong(error)}.", resolution="Correct the file.") from None
    except ValidationError as error:
        wrong = "; ".join(
            f"{'.'.join(map(str, one['loc']))}: {one['msg']}".strip(": ") for one in error.errors(include_input=False)
        )
        raise ConfigurationError(f"{path}: {wrong}", resolution="Correct the named entries.") from None
