"""`connector audit verify` says whether the trail is what was written."""

from __future__ import annotations

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
