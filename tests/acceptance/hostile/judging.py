"""Judges answers, rows and memory; what it finds wrong ends the run. Used by run.py."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy import Engine, text

from connector.woocommerce.card_data import without_card_data
from tests.acceptance.hostile.sent import Sent, Wanted

MOST_GROWTH = 1.10

_ROWS = text("""
SELECT coalesce(encode(sha256(body), 'hex'), body_sha256) AS hash, count(*) AS rows,
       bool_and(body_size = length(body) OR (body IS NULL AND (body_size > :kept OR note LIKE 'Nothing listens%'))) AS is_right_size
FROM delivery WHERE source = 'webhook' AND id > :after GROUP BY 1
""")
_MESSAGES = text("SELECT count(*) FROM delivery WHERE source IN ('ion', 'm3_event') AND id > :after")
_NEWEST = text("SELECT coalesce(max(id), 0) FROM delivery")


class WrongError(AssertionError):
    """The receiver or the workers did what they must not do."""


@dataclass
class Judge:
    """Counts answers by kind, and remembers which bodies must have a row."""

    ledger: Engine
    kept_bytes: int
    answers: dict[str, Counter[int]] = field(default_factory=dict)
    _owed: Counter[str] = field(default_factory=Counter)
    _owed_messages: int = 0
    _after: int = 0

    def take_answer(self, sent: Sent, status: int) -> None:
        """Judges one answer.

        Raises:
            WrongError: It is not what the request deserves.
        """
        self.answers.setdefault(sent.kind, Counter())[status] += 1
        is_right = {
            Wanted.STORED: status == 200,
            Wanted.PING: status == 200,
            Wanted.REFUSED: status == 0 or 400 <= status < 500,
            Wanted.TAKEN: status in (202, 400, 413),
        }[sent.wanted]
        if not is_right:
            shown = sent.request if len(sent.request) < 3000 else sent.request[:1500] + b" ... " + sent.request[-500:]
            raise WrongError(f"{sent.kind}: answered {status}, wanted {sent.wanted.value}. The request: {shown!r}")
        if sent.wanted is Wanted.STORED:
            self._owed[hashlib.sha256(without_card_data(sent.body)).hexdigest()] += 1
        elif status == 202:
            self._owed_messages += 1

    def compare_rows(self) -> None:
        """Compares the rows written since the last time with the signed bodies sent: each one a row, no other row.

        Numbers that may be those of cards are no part of a row (flows/test_card_data.py shows it); some bodies here hold such.

        Raises:
            WrongError: A row is missing, one too many, or holds something else than was sent.
        """
        with self.ledger.connect() as connection:
            rows = connection.execute(_ROWS, {"after": self._after, "kept": self.kept_bytes}).all()
            messages = int(connection.execute(_MESSAGES, {"after": self._after}).scalar_one())
            self._after = int(connection.execute(_NEWEST).scalar_one())
        found = Counter({row.hash: int(row.rows) for row in rows})
        if found != self._owed:
            lost, strange = self._owed - found, found - self._owed
            raise WrongError(f"{lost.total()} signed bodies have no row, {strange.total()} rows nobody signed.")
        broken = [row.hash for row in rows if not row.is_right_size]
        if broken:
            raise WrongError(f"{len(broken)} rows name another size than was sent, the first has the hash {broken[0]}.")
        if messages != self._owed_messages:
            raise WrongError(f"{self._owed_messages} messages of M3 were answered 202, {messages} have a row.")
        self._owed.clear()
        self._owed_messages = 0

    @property
    def sent(self) -> int:
        """How many requests were judged."""
        return sum(counter.total() for counter in self.answers.values())


def growth(before: Mapping[int, int], after: Mapping[int, int]) -> float:
    """Returns by what factor the memory of the receiver's processes grew; bytes by process id.

    Raises:
        WrongError: A process was replaced or memory is beyond the bound.
    """
    if before.keys() != after.keys():
        raise WrongError(f"Processes of the receiver were replaced: {sorted(before)} became {sorted(after)}.")
    factor = sum(after.values()) / sum(before.values())
    if factor > MOST_GROWTH:
        raise WrongError(f"The receiver's memory grew by the factor {factor:.2f}, more than {MOST_GROWTH}.")
    return factor
