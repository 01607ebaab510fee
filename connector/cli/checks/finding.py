"""What a check found: one line for a person, with what to do. Made by the modules of connector/cli/checks."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from connector.errors import ConnectorError


class Level(StrEnum):
    """How bad it is; only a failure makes the exit status 1."""

    OK = "ok"
    WARN = "warn"  # works, but will hold some orders or says that something is odd
    FAIL = "fail"  # nothing, or nothing of this kind, will work


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at. `area` is the installation or the store it belongs to."""

    area: str
    name: str
    level: Level
    message: str
    remedy: str = ""


@dataclass(frozen=True)
class Area:
    """Makes the findings of one area."""

    name: str

    def ok(self, what: str, message: str) -> Finding:
        """Makes a finding that all is well."""
        return Finding(self.name, what, Level.OK, message)

    def warn(self, what: str, message: str, *, remedy: str) -> Finding:
        """Makes a warning."""
        return Finding(self.name, what, Level.WARN, message, remedy)

    def fail(self, what: str, message: str, *, remedy: str) -> Finding:
        """Makes a failure."""
        return Finding(self.name, what, Level.FAIL, message, remedy)

    def error(self, what: str, error: ConnectorError) -> Finding:
        """Makes a failure of an error: its own words."""
        return Finding(self.name, what, Level.FAIL, error.message, error.resolution)
