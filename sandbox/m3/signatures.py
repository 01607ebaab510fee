"""The MI signatures of this site and the checks M3 makes on them before a program runs; `execute` calls it."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

from sandbox.m3.refusals import InvalidCall, Refusal

NUMBER = re.compile(r"-?\d*\.?\d+|\d*\.?\d+-")
ANY_PROGRAM = "ANY"


@dataclass(frozen=True)
class Field:
    """One input or output field; length None = not published, so not checked."""

    name: str
    type: str
    length: int | None
    mandatory: bool = False


@dataclass(frozen=True)
class Signature:
    """The fields of one transaction."""

    title: str
    inputs: Mapping[str, Field]
    outputs: tuple[Field, ...]

    @cached_property
    def mandatory(self) -> tuple[str, ...]:
        """Name the input fields that must be there."""
        return tuple(field.name for field in self.inputs.values() if field.mandatory)


@dataclass(frozen=True)
class Program:
    """One MI program and its transactions."""

    title: str
    transactions: Mapping[str, Signature]


@dataclass(frozen=True)
class Catalogue:
    """Everything MRS001MI knows."""

    programs: Mapping[str, Program]
    labels: Mapping[str, str]

    def find(self, program: str, transaction: str) -> Signature:
        """Give the signature; names are case-sensitive.

        Raises:
            InvalidCall: unknown program or transaction.
        """
        known = self.programs.get(program)
        if known is None or program == ANY_PROGRAM:
            raise InvalidCall("TransactionNotFound", f"Program {program} not found")
        found = known.transactions.get(transaction) or self.programs[ANY_PROGRAM].transactions.get(transaction)
        if found is None:
            raise InvalidCall("TransactionNotFound", f"Transaction {transaction} not found in program {program}")
        return found


@cache
def load_catalogue() -> Catalogue:
    """Read the published signatures, and those of the programs only this site has, once a process."""
    here = Path(__file__)
    source, own = (
        json.loads(here.with_name(name).read_text(encoding="utf-8"))
        for name in ("signatures.json", "site_signatures.json")
    )
    source["programs"] |= own["programs"]
    programs = {
        name: Program(
            program["title"],
            {
                transaction: Signature(
                    block["title"],
                    {row[0]: Field(row[0], row[1], row[2], bool(row[3])) for row in block["in"]},
                    tuple(Field(*row) for row in block["out"]),
                )
                for transaction, block in program["transactions"].items()
            },
        )
        for name, program in source["programs"].items()
    }
    return Catalogue(programs, source["labels"])


def check_record(signature: Signature, record: Mapping[str, str]) -> dict[str, str]:
    """Check one input record and give it without blank values (a blank keeps M3's default).

    Raises:
        InvalidCall: unknown, missing or too long field.
        Refusal: XNU0000 for text in a numeric field.
    """
    given = {name: value.rstrip() for name, value in record.items() if value.strip()}
    for name in record:
        if name not in signature.inputs:
            raise InvalidCall("InputFieldNotFound", f"Field {name} is not an input field", field=name)
    for name in signature.mandatory:
        if name not in given:
            raise InvalidCall("MandatoryInputFieldNotFound", f"Mandatory field {name} is missing", field=name)
    for name, value in given.items():
        _check_value(signature.inputs[name], value)
    return given


def _check_value(field: Field, value: str) -> None:
    if field.length is not None and len(value) > field.length:
        raise InvalidCall("InputFieldTooLong", f"Field {field.name} is longer than {field.length}", field=field.name)
    if field.type == "N" and not NUMBER.fullmatch(value.strip()):
        raise Refusal("XNU0000", field.name)
