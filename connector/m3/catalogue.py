"""The published signatures of the MI programs, to check calls before they are sent; used by the client and the mapping.

The data (catalogue.json, made by make_catalogue.py) is 0.7 MB. Only the lines of transactions really used are
decoded, and nothing of the rest is kept, so that a worker process stays small.
"""

from __future__ import annotations

import json
import re
from collections.abc import Container, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from connector.errors import ConfigurationError, MappingError

DATA = Path(__file__).with_name("catalogue.json")
EVERY_PROGRAM = "ANY"
_FIELD = re.compile(r"([AN])(\d*)(\*?) (.*)", re.DOTALL)
_NUMBER = re.compile(r"-?\d+(\.\d+)?")
# Control characters, and characters beyond the basic plane (emoji): classic MI fields hold neither.
_NOT_STORABLE = re.compile("[\\x00-\\x1f\\x7f-\\x9f\\U00010000-\\U0010ffff]")


@dataclass(frozen=True, slots=True)
class FieldSpec:
    """One field of a transaction. `length` counts characters, sign and decimal point included; None = not published."""

    length: int | None
    numeric: bool
    required: bool
    label: str


@dataclass(frozen=True, slots=True)
class TransactionSpec:
    """The signature of one transaction."""

    program: str
    name: str
    title: str
    inputs: Mapping[str, FieldSpec]
    outputs: Mapping[str, FieldSpec]


@dataclass(frozen=True)
class Catalogue:
    """The signatures of all known transactions, decoded one by one when asked for."""

    path: Path
    _known: dict[tuple[str, str], TransactionSpec | None] = field(default_factory=dict, repr=False)

    @classmethod
    def load(cls) -> Catalogue:
        """Returns the catalogue of this package; one per process."""
        return _packaged()

    def transaction(self, program: str, name: str) -> TransactionSpec:
        """Returns the signature of `program`/`name`.

        Raises:
            ConfigurationError: No published source knows it.
        """
        spec = self.find(program, name)
        if spec is None:
            raise ConfigurationError(
                f"{program}/{name} is no published M3 transaction.",
                resolution="Correct the name in config/m3/operations.yaml, or bind the site's own transaction under "
                "`operations` of the store file.",
                program=program,
                transaction=name,
            )
        return spec

    def find(self, program: str, name: str) -> TransactionSpec | None:
        """Returns the signature of `program`/`name`, or None if no published source knows it."""
        key = (program, name)
        if key not in self._known:
            found = self._read(program, name, of=program) or self._read(program, name, of=EVERY_PROGRAM)
            self._known[key] = found
        return self._known[key]

    def check_fields(
        self, program: str, transaction: str, fields: Mapping[str, str], *, site_fields: Container[str] = ()
    ) -> None:
        """Checks the input of one call against its signature, so that M3 is not asked what it would cut or refuse.

        Args:
            program: MI program.
            transaction: Its transaction.
            fields: Field name -> value as it will be sent.
            site_fields: Fields of this site that no published signature has; not checked.

        Raises:
            ConfigurationError: Unknown transaction or field.
            MappingError: A required field is missing, a value is too long, not numeric, or holds characters M3 cannot
                store. The text names the field and the value's length, never the value: it may be a person's data.
        """
        spec = self.transaction(program, transaction)
        for name, value in fields.items():
            known = spec.inputs.get(name)
            if known is not None:
                _check_value(spec, name, known, value)
            elif name not in site_fields:
                raise ConfigurationError(
                    f"{program}/{transaction} has no field {name}.",
                    resolution="Correct the field name in the mapping or in the operation's `fields`.",
                    program=program,
                    transaction=transaction,
                    field=name,
                )
        for name, known in spec.inputs.items():
            if known.required and not fields.get(name):
                raise _unplaced(spec, name, f"{known.label or 'it'} is required and missing")

    def _read(self, program: str, name: str, *, of: str) -> TransactionSpec | None:
        marker = f"\n{json.dumps(f'{of}/{name}')}:".encode()
        data = self.path.read_bytes()
        start = data.find(marker)
        if start < 0:
            return None
        end = data.index(b"\n", start + 1)
        title, inputs, outputs = json.loads(data[start + len(marker) : end].rstrip(b","))
        return TransactionSpec(program, name, title, _decode(inputs), _decode(outputs))


@cache
def _packaged() -> Catalogue:
    return Catalogue(DATA)


def _decode(fields: Mapping[str, str]) -> dict[str, FieldSpec]:
    return {name: _decode_field(text) for name, text in fields.items()}


def _decode_field(text: str) -> FieldSpec:
    match = _FIELD.fullmatch(text)
    if match is None:
        raise ConfigurationError(f"connector/m3/catalogue.json is damaged near {text!r}.", resolution="Make it anew.")
    kind, length, star, label = match.groups()
    return FieldSpec(int(length) if length else None, kind == "N", bool(star), label)


def _check_value(spec: TransactionSpec, name: str, known: FieldSpec, value: str) -> None:
    if _NOT_STORABLE.search(value):
        raise _unplaced(spec, name, f"the value ({len(value)} characters) holds control characters or emoji")
    if known.length is not None and len(value) > known.length:
        raise _unplaced(spec, name, f"the value has {len(value)} characters, M3 holds {known.length}")
    if known.numeric and value and not _NUMBER.fullmatch(value):
        raise _unplaced(spec, name, f"the value ({len(value)} characters) is not a number")


def _unplaced(spec: TransactionSpec, name: str, what: str) -> MappingError:
    return MappingError(
        f"{spec.program}/{spec.name}, field {name}: {what}.",
        rule=f"{spec.program}/{spec.name}",
        field=name,
        resolution=f"Correct the data, or the mapping rule that fills {name} (a rule may cut or replace).",
    )
