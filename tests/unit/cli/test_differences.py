"""Rows of a comparison as people, programs and spreadsheets get them."""

from __future__ import annotations

import csv
import io
import json

import pytest

from connector.cli.differences import CsvWriter, TableWriter
from connector.cli.rows import PAGE, JsonWriter, Writer, csv_cell
from connector.flows.pulling import Compared, Reason

Captured = pytest.CaptureFixture[str]


def row(number: int, **changes: str) -> Compared:
    values = {"field": "name", "m3": "Mug", "shop": "Cup", "wanted": "Mug [b]", **changes}
    return Compared(
        item_number=f"MUG-{number:03}", sku=f"MUG-{number:03}", product_id=number, reason=Reason.DIFFERENT, **values
    )


def written(writer: Writer, rows: int) -> None:
    for number in range(rows):
        writer.add(row(number))
    writer.end({"items": rows, "reasons": {"different": rows}})


@pytest.mark.parametrize("rows", [0, 1, 3])
def test_json_is_one_object_with_rows_and_figures(capsys: Captured, rows: int) -> None:
    written(JsonWriter(), rows)

    data = json.loads(capsys.readouterr().out)
    assert [one["item_number"] for one in data["rows"]] == [f"MUG-{number:03}" for number in range(rows)]
    assert data["reasons"] == {"different": rows}


def test_a_long_table_has_one_header_and_every_row(capsys: Captured) -> None:
    written(TableWriter(), 2 * PAGE + 1)

    out = capsys.readouterr().out
    assert out.count("In the shop") == 1
    assert sum(f"MUG-{number:03}" in out for number in range(2 * PAGE + 1)) == 2 * PAGE + 1


def test_a_dry_run_shows_what_would_be_written_as_it_is(capsys: Captured) -> None:
    written(TableWriter(m3="From M3", shows_wanted=True), 1)

    assert "Mug [b]" in capsys.readouterr().out


def test_csv_has_a_header_and_keeps_commas_in_texts(capsys: Captured) -> None:
    writer = CsvWriter()
    writer.add(row(1, shop="Cup, red"))

    read = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [(one["item_number"], one["shop"], one["reason"]) for one in read] == [("MUG-001", "Cup, red", "different")]


@pytest.mark.parametrize(
    ("value", "cell"), [("=1+1", "'=1+1"), ("@x", "'@x"), ("-5", "-5"), ("-5,50", "-5,50"), ("-x", "'-x"), (None, "")]
)
def test_no_cell_is_taken_for_a_formula(value: object, cell: str) -> None:
    assert csv_cell(value) == cell
