"""`connector audit verify` says whether the trail is what was written."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from connector.ledger.session import transaction
from tests.harness import Connector
from tests.integration.cli.conftest import Run
from workers.jobs import run_turn


def test_changed_line_of_the_trail_is_told(connector: Connector, run: Run) -> None:
    placed = connector.sandbox.place(kind="guest")
    connector.ask(placed["id"])
    connector.settle()
    connector.pass_time(700)
    assert run_turn(connector.process, "seal_audit") == "sealed 1"
    whole = run("audit", "verify", "--json")
    assert (whole.status, whole.data["is_whole"], whole.data["unsealed"]) == (0, True, 0)

    with transaction(connector.engine) as connection:
        connection.execute(text("UPDATE audit SET why = 'nothing' WHERE action = 'OIS100MI/Confirm'"))
    broken = run("audit", "verify")

    assert broken.status == 1
    assert "NOT WHOLE" in broken.out
    assert "are not those that were written" in " ".join(broken.out.split())


EMPTIED = "TRUNCATE audit, audit_seal"
CUT = """DELETE FROM audit_seal; DELETE FROM audit WHERE exchange_id = (SELECT max(exchange_id) FROM audit)"""


@pytest.mark.parametrize("removing", [EMPTIED, CUT], ids=["emptied", "tail with its seals"])
def test_a_shorter_trail_is_told_by_what_the_ledger_knows_of_its_writes(
    connector: Connector, run: Run, removing: str
) -> None:
    placed = connector.sandbox.place(kind="guest")
    connector.ask(placed["id"])
    connector.settle()
    connector.pass_time(700)
    run_turn(connector.process, "seal_audit")
    assert run("audit", "verify", "--json").data["exchanges_untold"] == []

    with transaction(connector.engine) as connection:
        connection.exec_driver_sql(removing)
    said = run("audit", "verify")

    assert said.status == 1
    assert "exchanges have written" in " ".join(said.out.split())
    assert "NOT WHOLE" in said.out
