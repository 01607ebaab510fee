"""The audit trail is chained: whatever is changed, removed or put in afterwards is noticed."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine, text

from connector.ledger import seals
from connector.ledger.session import transaction

ADD = """
INSERT INTO audit (at, who, system, action, key, after)
SELECT ledger_now() - interval '1 hour', 'connector', 'm3', 'OIS100MI/Confirm', n::text, '{"total": "12.50"}'
FROM generate_series(CAST(:first AS int), CAST(:last AS int)) n
"""


def change(engine: Engine, statement: str, **values: object) -> None:
    with transaction(engine) as connection:
        connection.execute(text(statement), values)


@pytest.fixture
def sealed(ledger: Engine, monkeypatch: pytest.MonkeyPatch) -> Engine:
    """Thirty lines in three seals."""
    monkeypatch.setattr(seals, "LINES", 10)
    change(ledger, ADD, first=1, last=30)
    while seals.seal(ledger):
        pass
    return ledger


def test_trail_as_it_was_written_is_whole(sealed: Engine) -> None:
    verified = seals.verify(sealed)

    assert verified.is_whole
    assert (verified.seals, verified.lines, verified.unsealed) == (3, 30, 0)


@pytest.mark.parametrize(
    "tampering",
    [
        """UPDATE audit SET after = '{"total": "12.49"}' WHERE key = '17'""",
        "UPDATE audit SET who = 'somebody' WHERE key = '11'",
        "UPDATE audit SET at = at + interval '1 second' WHERE key = '20'",
        "DELETE FROM audit WHERE key = '15'",
        "DELETE FROM audit WHERE id > (SELECT max(id) - 3 FROM audit)",
        "UPDATE audit SET id = id + 1000 WHERE key = '13'; UPDATE audit SET id = id - 1 WHERE key = '14';"
        "UPDATE audit SET id = id - 999 WHERE key = '13'",
        "WITH d AS (DELETE FROM audit WHERE key = '12' RETURNING id) INSERT INTO audit (id, who, system, action, key)"
        " SELECT id + 1000, 'x', 'm3', 'x', 'x' FROM d",
    ],
    ids=["value", "who", "time", "removed", "tail removed", "two in another order", "replaced"],
)
def test_changed_line_is_noticed_where_it_was(sealed: Engine, tampering: str) -> None:
    change(sealed, tampering)

    verified = seals.verify(sealed)

    assert not verified.is_whole
    (broken,) = verified.breaks
    assert broken.last_id - broken.first_id == 9
    assert broken.lines_sealed == 10


def test_removed_seal_is_noticed(sealed: Engine) -> None:
    change(sealed, "DELETE FROM audit_seal WHERE last_id = (SELECT min(last_id) FROM audit_seal)")

    assert not seals.verify(sealed).is_whole


def test_a_tail_cut_off_with_its_seals_is_told_by_a_digest_noted_elsewhere(sealed: Engine) -> None:
    noted = seals.verify(sealed).newest
    change(sealed, "DELETE FROM audit WHERE id > (SELECT max(last_id) FROM audit_seal) - 10")
    change(sealed, "DELETE FROM audit_seal WHERE last_id = (SELECT max(last_id) FROM audit_seal)")

    assert seals.verify(sealed).is_whole
    assert not seals.verify(sealed, anchor=noted).is_whole


def test_digest_noted_elsewhere_tells_a_chain_made_anew(sealed: Engine) -> None:
    noted = seals.verify(sealed).newest
    assert seals.verify(sealed, anchor=noted).is_whole
    change(sealed, "UPDATE audit SET why = 'later' WHERE key = '30'")
    change(sealed, "DELETE FROM audit_seal")
    while seals.seal(sealed):
        pass

    assert seals.verify(sealed).is_whole
    assert not seals.verify(sealed, anchor=noted).is_whole


def test_young_lines_wait_for_those_that_may_be_committed_before_them(ledger: Engine) -> None:
    change(ledger, ADD, first=1, last=3)
    change(ledger, "INSERT INTO audit (who, system, action, key) VALUES ('connector', 'm3', 'x', 'young')")

    assert seals.seal(ledger) is not None
    assert seals.seal(ledger) is None
    verified = seals.verify(ledger)

    assert verified.is_whole
    assert (verified.lines, verified.unsealed) == (3, 1)
