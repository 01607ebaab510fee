"""What a person is told who names what is not there, or whose database does not let them: what, where, and what to do."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import make_url, text

from connector.ledger.session import transaction
from tests.harness import Connector
from tests.integration.cli.conftest import Run

POOR = "reader_without_rights"


@pytest.fixture
def without_rights(connector: Connector) -> Iterator[str]:
    """The URL of the ledger for a user who may enter it, and nothing else."""
    with transaction(connector.engine) as connection:
        connection.execute(text(f"CREATE ROLE {POOR} LOGIN PASSWORD 'visible-word'"))
    url = make_url(connector.settings.database_url).set(username=POOR, password="visible-word")
    yield url.render_as_string(hide_password=False)
    with transaction(connector.engine) as connection:
        connection.execute(text(f"DROP ROLE {POOR}"))


@pytest.mark.parametrize("command", ["exchanges list", "dead-letters list", "items problems"])
def test_a_flow_that_does_not_exist_is_no_empty_list(run_store: Run, command: str) -> None:
    said = run_store(*command.split(), "--flow", "order_to_m3", env={"COLUMNS": "200"})

    assert said.status == 2
    assert "did you mean orders_to_m3?" in said.flat_err


@pytest.mark.parametrize(
    "command",
    ["exchanges list", "dead-letters list", "dead-letters release --all", "items problems", "customers bindings"],
)
def test_a_store_that_does_not_exist_is_no_empty_list(run_store: Run, command: str) -> None:
    said = run_store(*command.split(), "--store", "w9")

    assert said.status == 1
    assert "There is no store 'w9'" in said.flat_err and "Known stores: w1" in said.flat_err


def test_a_store_is_not_changed_by_nothing(run_store: Run) -> None:
    said = run_store("store", "add", "w1")

    assert said.status == 1
    assert "Nothing was given that would change store w1" in said.flat_err


@pytest.mark.parametrize("command", ["status", "migrate", "store list"])
def test_a_user_without_rights_is_told_in_words(run_store: Run, without_rights: str, command: str) -> None:
    said = run_store(*command.split(), env={"DATABASE_URL": without_rights})

    assert said.status == 1
    assert "permission denied for table alembic_version" in said.flat_err and "tables' owner" in said.flat_err
    assert "visible-word" not in said.out + said.err


@pytest.mark.parametrize(
    ("flow", "words"),
    [
        ("payments_to_m3", "connector sync orders_to_m3 --ids"),
        ("stock_to_m3", "connector sync stock_to_woo --ids"),
        ("m3_events", "connector bods send"),
    ],
)
def test_what_cannot_be_asked_for_names_what_can(run_store: Run, flow: str, words: str) -> None:
    said = run_store("sync", flow, "--ids", "1")

    assert said.status == 1
    assert "cannot be asked for by itself" in said.flat_err and words in said.flat_err
