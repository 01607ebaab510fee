"""`connector store`: complete, checked before anything is stored, and silent about secrets."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text

from tests.harness import ROOT
from tests.integration.cli.conftest import Run
from tests.integration.flows.books.counting_house import invoicing
from tests.integration.flows.stock.warehouse import ISSUE

IONAPI = {
    "ti": "ACME_TST",
    "cn": "connector",
    "ci": "ACME_TST~client",
    "cs": "client-secret-visible",
    "iu": "https://gateway.example",
    "pu": "https://gateway.example/ACME_TST/as/",
    "ot": "token.oauth2",
    "saak": "ACME_TST#account-visible",
    "sask": "service-secret-visible",
}
SECRETS = ("ck_visible", "cs_visible", "hook-visible", "client-secret-visible", "service-secret-visible")


@pytest.fixture
def given(tmp_path: Path) -> list[str]:
    ionapi = tmp_path / "connector.ionapi"
    ionapi.write_text(json.dumps(IONAPI), encoding="utf-8")
    return [
        "--woo-url", "https://shop.example/", "--woo-key", "ck_visible", "--woo-secret", "cs_visible",
        "--webhook-secret", "hook-visible", "--ionapi", str(ionapi),
        "--config", str(ROOT / "config" / "stores" / "example.yaml"),
    ]  # fmt: skip


def _without(given: list[str], option: str) -> list[str]:
    place = given.index(option)
    return given[:place] + given[place + 2 :]


def _count(engine: Engine, table: str) -> int:
    with engine.connect() as connection:
        return int(connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one())


def test_a_store_is_added_and_listed_without_its_secrets(run: Run, given: list[str]) -> None:
    added = run("store", "add", "w1", *given)
    listed = run("store", "list", "--json")

    assert (added.status, listed.status) == (0, 0)
    assert listed.data[0]["shop_url"] == "https://shop.example"
    assert listed.data[0]["missing_credentials"] == []
    assert not any(secret in added.out + added.err + listed.out for secret in SECRETS)


def test_the_ledger_holds_no_secret_in_clear(run: Run, given: list[str], engine: Engine) -> None:
    run("store", "add", "w1", *given)

    with engine.connect() as connection:
        sealed = b"".join(bytes(one) for one in connection.execute(text("SELECT sealed FROM credential")).scalars())
        audit = str(connection.execute(text("SELECT * FROM audit")).all())

    assert sealed
    assert not any(secret.encode() in sealed or secret in audit for secret in SECRETS)


def test_secrets_come_from_environment_and_standard_input(run: Run, given: list[str], engine: Engine) -> None:
    options = _without(_without(given, "--woo-key"), "--woo-secret")

    said = run(
        "store", "add", "w1", *options, "--woo-secret", "-",
        stdin="cs_visible\n", env={"CONNECTOR_WOO_KEY": "ck_visible"},
    )  # fmt: skip

    assert said.status == 0
    assert _count(engine, "credential") == 4


def test_adding_again_changes_only_what_is_given(run: Run, given: list[str]) -> None:
    run("store", "add", "w1", *given)

    changed = run("store", "add", "w1", "--woo-url", "https://new.example")

    store = run("store", "list", "--json").data[0]
    assert changed.status == 0
    assert (store["shop_url"], store["version"], store["missing_credentials"]) == ("https://new.example", 2, [])


@pytest.mark.parametrize("option", ["--woo-url", "--woo-key", "--webhook-secret", "--ionapi", "--config"])
def test_a_store_that_is_not_complete_is_not_stored(run: Run, given: list[str], engine: Engine, option: str) -> None:
    said = run("store", "add", "w1", *_without(given, option))

    assert said.status == 1
    assert f"{option} missing" in said.flat_err
    assert "What to do:" in said.err
    assert _count(engine, "store") == 0


@pytest.mark.parametrize("name", ["W1", "shop-one", "toolong99", ""])
def test_a_name_that_cannot_stand_in_m3_is_refused(run: Run, given: list[str], name: str) -> None:
    said = run("store", "add", name, *given)

    assert said.status == 1
    assert "1 to 8 small letters and digits" in said.flat_err


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("shop.example", "no web address"),
        ("ftp://shop.example", "no web address"),
        ("https://ck_x:cs_y@shop.example", "more than scheme, host and path"),
    ],
)
def test_an_address_that_cannot_be_used_is_refused_without_being_shown(
    run: Run, given: list[str], url: str, words: str
) -> None:
    said = run("store", "add", "w1", *_without(given, "--woo-url"), "--woo-url", url)

    assert said.status == 1
    assert words in said.flat_err
    assert "cs_y" not in said.err


def test_plain_http_needs_the_store_file_to_allow_it(run: Run, given: list[str], tmp_path: Path) -> None:
    config = tmp_path / "w1.yaml"
    example = (ROOT / "config" / "stores" / "example.yaml").read_text(encoding="utf-8")
    config.write_text(example.replace("allow_plain_http: true", "allow_plain_http: false"), encoding="utf-8")

    said = run("store", "add", "w1", *_without(_without(given, "--woo-url"), "--config"),
               "--woo-url", "http://shop.example", "--config", config)  # fmt: skip

    assert said.status == 1
    assert "not encrypted" in said.flat_err


def test_a_wrong_entry_of_the_store_file_is_named_with_its_line(run: Run, given: list[str], tmp_path: Path) -> None:
    config = tmp_path / "w1.yaml"
    example = (ROOT / "config" / "stores" / "example.yaml").read_text(encoding="utf-8")
    config.write_text(example.replace("  warehouse:", "  warehose:"), encoding="utf-8")

    said = run("store", "add", "w1", *_without(given, "--config"), "--config", config)

    assert said.status == 1
    assert "m3.warehose" in said.flat_err
    assert "line " in said.flat_err


def test_stock_issues_without_the_unit_the_shop_sells_in_are_refused(
    run: Run, given: list[str], tmp_path: Path
) -> None:
    config = tmp_path / "w1.yaml"
    config.write_text(invoicing(invoices=ISSUE), encoding="utf-8")

    said = run("store", "add", "w1", *_without(given, "--config"), "--config", config)

    assert said.status == 1
    assert "invoices.issue.unit" in said.flat_err


@pytest.mark.parametrize("missing", ["saak", "cs", "pu"])
def test_an_incomplete_ionapi_file_is_refused_by_key(run: Run, given: list[str], tmp_path: Path, missing: str) -> None:
    (tmp_path / "connector.ionapi").write_text(json.dumps({k: v for k, v in IONAPI.items() if k != missing}))

    said = run("store", "add", "w1", *given)

    assert said.status == 1
    assert f"no {missing}" in said.flat_err
    assert not any(secret in said.err for secret in SECRETS)


def test_a_webhook_secret_that_can_be_guessed_is_refused(run: Run, given: list[str]) -> None:
    said = run("store", "add", "w1", *_without(given, "--webhook-secret"), "--webhook-secret", "0")

    assert said.status == 1
    assert "at least 8" in said.flat_err


def test_a_file_that_is_not_there_is_named(run: Run, given: list[str]) -> None:
    said = run("store", "add", "w1", *_without(given, "--ionapi"), "--ionapi", "/nowhere/x.ionapi")

    assert said.status == 1
    assert "/nowhere/x.ionapi cannot be read" in said.flat_err


def test_a_paused_store_tells_why_until_it_is_resumed(run: Run, given: list[str]) -> None:
    run("store", "add", "w1", *given)

    paused = run("store", "pause", "w1", "--reason", "stocktaking")
    while_paused: dict[str, Any] = run("store", "list", "--json").data[0]
    resumed = run("store", "resume", "w1")

    assert (paused.status, resumed.status) == (0, 0)
    assert (while_paused["paused_by"], while_paused["paused_reason"]) == ("person", "stocktaking")
    assert run("store", "list", "--json").data[0]["paused_by"] is None


def test_a_store_added_paused_carries_nothing_before_it_is_resumed(run: Run, given: list[str]) -> None:
    added = run("store", "add", "w1", *given, "--paused")
    listed = run("store", "list", "--json").data[0]
    again = run("store", "add", "w1", *given, "--paused")

    assert (added.status, again.status) == (0, 1)
    assert "connector store resume w1" in added.out
    assert listed["paused_by"] == "person"
    assert "is there already" in again.flat_err
    assert run("store", "resume", "w1").status == 0
    assert run("store", "list", "--json").data[0]["paused_by"] is None


def test_an_unknown_store_is_answered_with_those_there_are(run: Run, given: list[str]) -> None:
    run("store", "add", "w1", *given)

    said = run("store", "pause", "w9")

    assert said.status == 1
    assert "There is no store 'w9'" in said.flat_err
    assert "Known stores: w1" in said.flat_err


def test_taking_a_store_over_is_noted_with_the_reason_given(run: Run, given: list[str]) -> None:
    run("store", "add", "w1", *given)

    taken = run("store", "take-over", "w1", "--reason", "the old server is gone")

    assert taken.status == 0
    assert "taken over with its next order" in taken.out
    noted = [json.loads(line) for line in run("audit", "export", "--store", "w1").out.splitlines()]
    assert ("store_taken_over", "the old server is gone") in [(one["action"], one["why"]) for one in noted]


def test_a_store_is_not_taken_over_without_a_reason(run: Run, given: list[str]) -> None:
    run("store", "add", "w1", *given)

    assert run("store", "take-over", "w1").status != 0
