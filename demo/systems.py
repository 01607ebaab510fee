"""The two systems on stage, over HTTP: their control sides and their books; used by the story and the watcher."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import requests

from demo.errors import DemoError

LIMIT_S = 120


@dataclass(frozen=True)
class System:
    """The sandbox shop or the sandbox M3."""

    name: str
    url: str

    @property
    def book_url(self) -> str:
        """Where everything it holds can be read."""
        return f"{self.url}/_book"

    def book(self) -> dict[str, Any]:
        """Returns everything it holds."""
        return self._ask("GET", "/_book")

    def part(self, name: str) -> list[dict[str, Any]]:
        """Returns all rows of a large part of the book, read in pages."""
        rows: list[dict[str, Any]] = []
        after = ""
        while True:
            page = self._ask("GET", f"/_book?part={name}&limit=500{after}")
            rows += page[name]
            if page["next"] is None:
                return rows
            after = f"&from={quote(str(page['next']))}"

    def look(self, what: str) -> dict[str, Any]:
        """Reads one page of its control side."""
        return self._ask("GET", f"/_control/{what}")

    def control(self, what: str, content: Any) -> dict[str, Any]:
        """Does something on its control side, as a buyer, an administrator or fate would."""
        return self._ask("POST", f"/_control/{what}", content)

    def _ask(self, method: str, path: str, content: Any = None) -> dict[str, Any]:
        try:
            answer = requests.request(method, f"{self.url}{path}", json=content, timeout=LIMIT_S)
            answer.raise_for_status()
            found: dict[str, Any] = answer.json()
        except (requests.RequestException, ValueError) as error:
            raise DemoError(f"The sandbox {self.name} did not answer {method} {path}: {error}") from error
        return found


def is_ready(receiver_url: str) -> bool:
    """Tells whether the receiver answers that database and broker are there."""
    try:
        return requests.get(f"{receiver_url}/readyz", timeout=LIMIT_S).status_code == 200
    except requests.RequestException:
        return False
