"""Runs `connector` commands as a person would, and reads their JSON; used by the whole demo."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from typing import Any

from connector.processes import child_environment
from demo.errors import DemoError

LIMIT_S = 120
CONNECTOR = ("connector",)


class Commands:
    """The `connector` command with the environment of the stage."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        """Keeps the environment; nothing is run yet."""
        self._environment = child_environment(environment)

    def run(self, *arguments: str, also: Mapping[str, str] | None = None, may_end_with: tuple[int, ...] = (0,)) -> str:
        """Runs one command to its end and returns what it printed.

        Args:
            arguments: What stands behind `connector`.
            also: Further environment, for secrets.
            may_end_with: Exit statuses that are no failure (`status` ends with 1 while a person has to act).

        Raises:
            DemoError: It ended otherwise or took too long; holds what it said.
        """
        status, said, errors = self.end(*arguments, also=also)
        if status not in may_end_with:
            words = (errors or said).strip()
            raise DemoError(f"`connector {' '.join(arguments[:2])}` ended with status {status}:\n{words}")
        return said

    def end(self, *arguments: str, also: Mapping[str, str] | None = None) -> tuple[int, str, str]:
        """Runs one command to its end; returns its exit status, what it printed, and what it said of errors.

        Raises:
            DemoError: It took too long.
        """
        try:
            ended = subprocess.run(  # noqa: S603 - our own program, no shell
                [*CONNECTOR, *arguments],
                env={**self._environment, **(also or {})},
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=LIMIT_S,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise DemoError(f"`connector {arguments[0]}` took more than {LIMIT_S} s.") from None
        return ended.returncode, ended.stdout, ended.stderr

    def read(self, *arguments: str) -> Any:
        """Runs a listing with --json and returns what it lists.

        Raises:
            DemoError: It was refused, or took too long.
        """
        _, said, errors = self.end(*arguments, "--json")
        try:
            return json.loads(said)
        except ValueError:
            raise DemoError(f"`connector {' '.join(arguments[:2])}` lists nothing:\n{errors.strip()}") from None
