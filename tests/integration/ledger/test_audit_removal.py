"""The oldest lines of the trail may go by age; the seals stay, the trail tells of it, and the rest is still proved."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine, text

from connector.errors import ConfigurationError, NeedsPersonError
from connector.ledger import seals
from connector.ledger.audit_removal import count_removable, remove_audit
from connector.ledger.session import transaction
from connector.settings import read_settings

OLD, NEW = 400, 10  # days
ADD = """
INSERT INTO audit (at, who, system, action, key)
SELECT ledger_now() - make_interval(days => CAST(:days AS int)), 'connector', 'm3', 'OIS100MI/Confirm', n::text
FROM generate_series(CAST(:first AS int), CAST(:last AS int)) n
"""


def change(engine: Engine, statement: str, **values: object) -> None:
    with transaction(engine) as connection:
        connection.execute(text(statement), values)


def remove(engine: Engine, *, days: int = 365) -> int:
    return remove_audit(engine, days=days, who="connector", why="tested").lines


@pytest.fixture
def trail(ledger: Engine, monkeypatch: pytest.MonkeyPatch) -> Engine:
    """Twenty old lines in two seals, one seal of old and new lines, one of new ones."""
    monkeypatch.setattr(seals, "LINES", 10)
    for first, last, days in ((1, 25, OLD), (26, 40, NEW)):
        change(ledger, ADD, first=first, last=last, days=days)
    while seals.seal(ledger):
        pass
    return ledger


def test_whole_seals_of_old_lines_go_and_the_rest_is_proved(trail: Engine) -> None:
    noted = seals.verify(trail).newest
    with transaction(trail) as connection:
        expected = count_removable(connection, days=365)

    removed = remove(trail)
    verified = seals.verify(trail, anchor=noted)

    assert removed == expected == 20
    assert (verified.is_whole, verified.removed, verified.lines, verified.seals) == (True, 20, 20, 4)


def test_the_trail_tells_who_removed_what_and_why(trail: Engine) -> None:
    remove(trail)

    with transaction(trail) as connection:
        rows = connection.execute(
            text("SELECT who, key, why, after FROM audit WHERE action = 'audit_removed' ORDER BY id")
        ).all()
    assert [(row.who, row.why, row.after["lines"]) for row in rows] == [("connector", "tested", 10)] * 2


def test_a_second_removal_finds_nothing_more(trail: Engine) -> None:
    remove(trail)

    assert remove(trail) == 0


def test_a_changed_line_is_not_wiped_out_by_its_age(trail: Engine) -> None:
    change(trail, "UPDATE audit SET why = 'nothing' WHERE key = '15'")

    with pytest.raises(NeedsPersonError, match="not those that were written"):
        remove(trail)

    verified = seals.verify(trail)
    assert [(one.lines_sealed, one.lines_found) for one in verified.breaks] == [(10, 10)]
    assert verified.removed == 10  # those before it were whole


@pytest.mark.parametrize(
    "tampering",
    [
        "DELETE FROM audit WHERE action = 'audit_removed'",
        "UPDATE audit_seal SET digest = repeat('0', 64) WHERE removed_at = (SELECT max(removed_at) FROM audit_seal)",
        "WITH s AS (UPDATE audit_seal SET removed_at = ledger_now() WHERE last_id = (SELECT max(last_id) FROM audit_seal)"
        " RETURNING first_id, last_id) DELETE FROM audit USING s WHERE audit.id BETWEEN s.first_id AND s.last_id",
        "WITH s AS (UPDATE audit_seal SET removed_at = ledger_now() WHERE removed_at IS NULL AND last_id ="
        " (SELECT min(last_id) FROM audit_seal WHERE removed_at IS NULL)"
        " RETURNING first_id, last_id) DELETE FROM audit USING s WHERE audit.id BETWEEN s.first_id AND s.last_id",
        "UPDATE audit SET why = 'nothing' WHERE key = '30'",
    ],
    ids=[
        "the note of it",
        "digest of what went",
        "newest seal passed off as removed",
        "next seal passed off",
        "a line that stays",
    ],
)
def test_what_is_done_behind_a_removal_is_noticed(trail: Engine, tampering: str) -> None:
    remove(trail)
    assert seals.verify(trail).is_whole

    change(trail, tampering)

    assert not seals.verify(trail).is_whole


def test_removal_by_hand_of_unmarked_lines_is_noticed(trail: Engine) -> None:
    change(trail, "DELETE FROM audit WHERE key = '1'")

    assert not seals.verify(trail).is_whole


def test_less_than_a_year_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="at least 365 days"):
        read_settings({"DATABASE_URL": "postgresql://x", "REDIS_URL": "redis://x", "CONNECTOR_KEEP_AUDIT_DAYS": "200"})
