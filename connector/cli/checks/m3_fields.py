"""Compares the transactions and fields a store uses with what its M3 really has. Called by connector/cli/check.py.

Releases differ and a site may change field lengths; MRS001MI/LstFields describes the real ones (protocol.md section 9).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from connector.cli.checks.finding import Area, Finding
from connector.errors import ConnectorError
from connector.m3.calls import Answer
from connector.m3.catalogue import Catalogue, TransactionSpec
from connector.m3.client import M3Client
from connector.m3.operations import Operation
from connector.m3.programs.mrs001mi import SiteField, list_fields, read_fields
from connector.mapping.engine import Mapping as FlowMapping

MOST_FIELDS = 1000
NAMED = 5
"""How many names a message holds at most."""


@dataclass(frozen=True)
class Used:
    """One transaction with the input fields the mapping files fill."""

    operation: Operation
    fields: frozenset[str]

    @property
    def name(self) -> str:
        """Its name at the site."""
        return f"{self.operation.program}/{self.operation.transaction}"


def check_fields(
    area: Area, m3: M3Client, *, operations: Iterable[Operation], mappings: Mapping[str, FlowMapping]
) -> Iterator[Finding]:
    """Yields what differs between the transactions used and the site's, or one line that all agree."""
    used = [Used(one, _filled(one, mappings)) for one in operations]
    try:
        answers = m3.read(
            [list_fields(one.operation.program, one.operation.transaction) for one in used], max_records=MOST_FIELDS
        )
    except ConnectorError as error:
        yield area.error("M3 fields", error)
        return
    problems = [found for one, answer in zip(used, answers, strict=True) for found in _compare(area, one, answer)]
    yield from problems
    if not problems:
        yield area.ok("M3 fields", f"all {len(used)} transactions are there with the fields we fill")


def _filled(operation: Operation, mappings: Mapping[str, FlowMapping]) -> frozenset[str]:
    """Mapping files speak the published names; an override renames single fields."""
    names = {
        rule.field
        for mapping in mappings.values()
        for record in mapping.records.values()
        if (record.program, record.transaction) == (operation.program, operation.transaction)
        for rule in record.rules
    }
    return frozenset(operation.site_names.get(name, name) for name in names)


def _compare(area: Area, used: Used, answer: Answer) -> Iterator[Finding]:
    if answer.error is not None:
        yield area.warn(
            used.name,
            f"Its fields could not be read: {answer.error.message}",
            remedy="Look whether the transaction exists at this site (MRS001); if it has another name, bind it under "
            "`operations` of the store file.",
        )
        return
    site = read_fields(answer)
    spec = Catalogue.load().find(used.operation.program, used.operation.transaction)
    if not site:
        if spec is None or spec.inputs:
            yield area.fail(
                used.name,
                "This M3 does not have the transaction.",
                remedy="Ask for the release that has it, or bind the site's own under `operations` of the store file.",
            )
        return
    yield from _missing(area, used, site)
    if spec is not None:
        yield from _shorter(area, used, site, spec)


def _missing(area: Area, used: Used, site: Mapping[str, SiteField]) -> Iterator[Finding]:
    missing = sorted(used.fields - site.keys())
    if missing:
        yield area.fail(
            used.name,
            f"This M3 does not have the fields {', '.join(missing[:NAMED])} that the mapping fills.",
            remedy="Take them out of the mapping file, or name the site's own fields under `operations`.",
        )


def _shorter(area: Area, used: Used, site: Mapping[str, SiteField], spec: TransactionSpec) -> Iterator[Finding]:
    for name in sorted(used.fields & site.keys() & spec.inputs.keys()):
        length, ours = site[name].length, spec.inputs[name].length
        if ours is not None and 0 < length < ours:
            yield area.warn(
                used.name,
                f"Field {name} holds {length} characters here, {ours} as published.",
                remedy=f"Cut the value in the mapping rule of {name} to {length}.",
            )
