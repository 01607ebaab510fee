"""Positional lines for GLS840MI/AddBatchLine: where each value stands in PARM, as the site has it in GLS850.

Read from config/m3/layouts/<name>.yaml by the runtime; rendered by the invoice flow, drawn by `connector mapping preview`.
Source: money-and-stock.md section 10.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from enum import StrEnum
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from connector.errors import ConfigurationError, MappingError
from connector.m3.values import number_text

LONGEST = 900
FIELDS = frozenset(
    {
        *("INRI", "CUNO", "PYNO", "CINO", "INYR", "IVDT", "DUDT", "CUCD", "CUAM", "DBCR", "ACDT", "VTCD", "VTXT"),
        *(f"AIT{place}" for place in range(1, 8)),
    }
)
"""What an invoice line can say, by M3's names; a constant may stand under any name."""

Value = str | Decimal | date


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class RecordKind(StrEnum):
    """What a record type is for."""

    RECEIVABLE = "receivable"  # the customer invoice itself
    OTHER = "other"  # what stands against it


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
        return self


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
        tells_side = any(one.field == "DBCR" for one in self.places) or any(one.sign != "none" for one in amounts)
        if len(amounts) != 1:
            raise ValueError(f"{self.identity}: CUAM, the amount, must stand in it once")
        if self.kind is RecordKind.OTHER and not tells_side:
            raise ValueError(f"{self.identity}: neither DBCR nor a sign of CUAM tells debit from credit")
        return self


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
        self._require_dimensions(record, values)
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
            yield (
                place,
                text.rjust(place.width, place.pad) if place.align == "right" else text.ljust(place.width, place.pad),
            )

    def _require_dimensions(self, record: RecordLayout, values: Mapping[str, Value]) -> None:
        placed = {one.field for one in record.places}
        missing = sorted(name for name in values if name.startswith("AIT") and name != "AIT1" and name not in placed)
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
        content: Any = yaml.safe_load(path.read_text(encoding="utf-8"))
        return Layout.model_validate(content)
    except OSError:
        raise ConfigurationError(
            f"{path} is missing or cannot be read.",
            resolution="Put the layout of the interface there, or correct invoices.layout of the store file.",
        ) from None
    except yaml.YAMLError:
        raise ConfigurationError(f"{path}: this is not readable YAML.", resolution="Correct the file.") from None
    except ValidationError as error:
        wrong = "; ".join(
            f"{'.'.join(map(str, one['loc']))}: {one['msg']}".strip(": ") for one in error.errors(include_input=False)
        )
        raise ConfigurationError(f"{path}: {wrong}", resolution="Correct the named entries.") from None
