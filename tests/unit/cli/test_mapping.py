"""A layout file drawn as a ruler, or refused with its reason."""

from __future__ import annotations

import json
from pathlib import Path

from typer.testing import CliRunner

from connector.cli.main import app

FILE = Path(__file__).parents[3] / "config" / "m3" / "layouts" / "webinv.yaml"


def test_ruler_stands_over_the_names_of_the_values() -> None:
    shown = CliRunner().invoke(app, ["mapping", "preview", str(FILE)])

    lines = shown.output.splitlines()
    head = lines.index("WEBINV, record I2, other: GLS840MI/AddBatchLine, PARM")
    assert shown.exit_code == 0
    assert lines[head + 2].startswith("1234567890123")
    assert lines[head + 3].startswith("INAIT1......AIT2......CUCCUAM")


def test_ruler_is_given_as_json() -> None:
    shown = CliRunner().invoke(app, ["mapping", "preview", str(FILE), "--json"])

    assert sorted(json.loads(shown.output)) == ["other", "receivable"]


def test_file_that_cannot_be_used_ends_with_status_1(tmp_path: Path) -> None:
    file = tmp_path / "wrong.yaml"
    file.write_text(FILE.read_text(encoding="utf-8").replace("from: 13, to: 22", "from: 12, to: 22"), encoding="utf-8")

    shown = CliRunner().invoke(app, ["mapping", "preview", str(file)])

    assert shown.exit_code == 1
    assert "overlap" in shown.output + shown.stderr
