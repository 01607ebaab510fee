"""Keeps the rules of config/ion and reads them anew when a file changes, so that a place can be corrected and tried at once.

Held by the runtime; asked by the receiver for each message and by m3_events.
"""

from __future__ import annotations

from pathlib import Path

from connector.ion.rules import FILES, EventRules, load_event_rules


class RuleBook:
    """The rules of one configuration folder. A file that is wrong hurts only messages of M3, and only while it is wrong."""

    def __init__(self, config_dir: Path) -> None:
        """Reads nothing yet."""
        self._config_dir = config_dir
        self._held: tuple[list[tuple[int, int]], EventRules] | None = None

    def __call__(self) -> EventRules:
        """Returns the rules as the files say now.

        Raises:
            ConfigurationError: A file is missing or wrong; names file and entry.
        """
        state = self._state()
        if self._held is None or self._held[0] != state:
            self._held = state, load_event_rules(self._config_dir)
        return self._held[1]

    def _state(self) -> list[tuple[int, int]]:
        """Returns time and size of each file; a missing one is told by the loading."""
        try:
            found = [(self._config_dir / "ion" / name).stat() for name in FILES]
        except OSError:
            return []
        return [(one.st_mtime_ns, one.st_size) for one in found]
