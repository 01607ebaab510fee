"""Where the owners of accounts live, who was erased, and whether the connector writes of them afterwards. Used by world.py.

Each street is given once, so whatever names it was told of one account alone. The connector has to forget from the moment
its own run has found the account erased; that it finds all of them shows at rest.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import requests


@dataclass
class AccountsHistory:
    """What accounts ever said, which are erased now, and which of those the connector has found. `complaints`: broken promises."""

    streets: dict[int, list[str]] = field(default_factory=dict)
    erased: set[int] = field(default_factory=set)
    found: set[int] = field(default_factory=set)
    forgotten: set[str] = field(default_factory=set)
    complaints: list[str] = field(default_factory=list)
    _given: int = 0

    def new_street(self) -> str:
        """Returns a street nobody has lived in."""
        self._given += 1
        return f"Lane {self._given:04}"

    def lives(self, account: int, street: str) -> None:
        """Notes where the owner of an account lives, also one who comes back."""
        self.erased.discard(account)
        self.found.discard(account)
        self.streets.setdefault(account, []).append(street)

    def erase(self, account: int) -> None:
        """Notes that the shop has erased an account."""
        self.erased.add(account)

    def are_found(self, accounts: Iterable[int]) -> None:
        """Notes which erased accounts the connector has found so: nothing they ever said may be written any more."""
        for account in self.erased.intersection(accounts):
            self.found.add(account)
            self.forgotten.update(self.streets[account])


class EraserWitness:
    """Sees what the connector writes. What a run had read before it was stopped is not held against it."""

    def __init__(
        self, history: AccountsHistory, *, is_of_old: Callable[[], bool], found_erased: Callable[[], Iterable[int]]
    ) -> None:
        self._history, self._is_of_old, self._found_erased = history, is_of_old, found_erased

    def sees(self, request: requests.PreparedRequest) -> EraserWitness:
        """Is told of each request when its sender has let go of it."""
        if request.method != "GET" and not self._is_of_old():
            body = request.body or b""
            self._history.are_found(self._found_erased())
            self._judge(urlsplit(request.url or "").path, body if isinstance(body, str) else body.decode())
        return self

    def arrives(self) -> None:
        """Nothing more is looked at."""

    def is_over(self) -> None:
        """Nothing more is looked at."""

    def _judge(self, path: str, text: str) -> None:
        told = sorted(street for street in self._history.forgotten if street in text)
        self._history.complaints += [
            f"remembered: {street} of an erased account was written to {path}" for street in told
        ]
        if path.endswith("/customers/batch"):
            for element in json.loads(text).get("update", ()):
                if element["id"] in self._history.found:
                    self._history.complaints.append(f"remembered: erased account {element['id']} was written to")
