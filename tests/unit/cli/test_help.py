"""The command explains itself, quickly, and loads only what it needs."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import version as version_of

import pytest
from typer.testing import CliRunner

from connector.cli.main import COMMANDS, app, load_command


def test_help_lists_every_command() -> None:
    result = CliRunner().invoke(app, ["--help"])

    assert result.exit_code == 0
    assert all(name in result.stdout for name in COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_of_the_table_can_be_loaded_and_has_a_help(name: str) -> None:
    assert load_command(name).name == name


def test_the_version_is_told() -> None:
    result = CliRunner().invoke(app, ["--version"])

    assert (result.exit_code, result.stdout) == (0, f"connector {version_of('woocommerce-m3-connector')}\n")


def test_help_of_a_command_offers_no_completion_of_its_own() -> None:
    result = CliRunner().invoke(app, ["status", "--help"])

    assert "--json" in result.stdout
    assert "completion" not in result.stdout


def test_help_loads_neither_database_nor_broker() -> None:
    script = (
        "import sys; from typer.testing import CliRunner; from connector.cli.main import app;"
        "assert CliRunner().invoke(app, ['--help']).exit_code == 0;"
        "print([name for name in ('sqlalchemy', 'celery', 'requests', 'pydantic') if name in sys.modules])"
    )

    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"


def test_a_mistyped_command_gets_a_suggestion() -> None:
    result = CliRunner().invoke(app, ["dead-leters"])

    assert result.exit_code == 2
    assert "dead-letters" in result.stderr
