"""`connector mapping`: shows how values are laid out for M3."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from connector.cli.output import print_json, print_table, say
from connector.m3.layout import Layout, RecordKind, load_layout

app = typer.Typer(no_args_is_help=True)


@app.callback()
def mapping() -> None:
    """Shows how values are laid out for M3."""


@app.command()
def preview(
    file: Annotated[Path, typer.Argument(help="A layout file (config/m3/layouts/<name>.yaml).")],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Draw the positional lines of a layout file as a ruler; status 1 if the file cannot be used."""
    layout = load_layout(file)
    if as_json:
        print_json({kind.value: layout.ruler(kind) for kind in RecordKind})
        return
    for kind in RecordKind:
        _draw(layout, kind)


def _draw(layout: Layout, kind: RecordKind) -> None:
    record = layout.record(kind)
    say(f"{layout.interface}, record {record.identity}, {kind.value}: GLS840MI/AddBatchLine, PARM")
    for line in layout.ruler(kind):
        say(line)
    print_table(
        ("Field", "From", "To", "Holds", "Written"),
        (
            (one.field, str(one.first), str(one.last), str(one.width), one.value or f"{one.align}, {one.pad!r}")
            for one in sorted(record.places, key=lambda one: one.first)
        ),
    )
    say("")
