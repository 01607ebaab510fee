"""Makes catalogue.json from a folder of published MI signatures; run by a developer when the signatures change.

`python -m connector.m3.make_catalogue FOLDER` rewrites the file beside this script. The result is one JSON object with
one line a transaction, so that a reader can take a single line without decoding the rest.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

TARGET = Path(__file__).with_name("catalogue.json")


def compact(folder: Path) -> str:
    """Returns the text of catalogue.json for the signatures in `folder`.

    Args:
        folder: Holds one file a program: `{"program", "transactions": {name: {"title", "in", "out"}}}`, a field being
            `[type, length, required, label, ...]` in `in` and `[type, length, label, ...]` in `out`.
    """
    lines = sorted(line for path in folder.glob("*.json") for line in _lines(json.loads(path.read_text("utf-8"))))
    return "{\n" + ",\n".join(lines) + "\n}\n"


def _lines(program: dict[str, Any]) -> Iterator[str]:
    for name, transaction in program["transactions"].items():
        inputs = {field: _field(row[0], row[1], row[2], row[3]) for field, row in transaction["in"].items()}
        outputs = {field: _field(row[0], row[1], False, row[2]) for field, row in transaction["out"].items()}
        key = json.dumps(f"{program['program']}/{name}")
        value = [transaction.get("title", ""), inputs, outputs]
        yield f"{key}:{json.dumps(value, ensure_ascii=False, separators=(',', ':'))}"


def _field(kind: str, length: int | None, required: bool, label: str) -> str:
    """One field as `A10* label`: A or N, the length if it is known, a star if it is required, the label."""
    return f"{'N' if kind == 'number' else 'A'}{length or ''}{'*' if required else ''} {label}"


def main() -> None:
    """Writes the catalogue from the folder named on the command line."""
    if len(sys.argv) != 2 or not Path(sys.argv[1]).is_dir():
        sys.exit("usage: python -m connector.m3.make_catalogue FOLDER_OF_SIGNATURES")
    TARGET.write_text(compact(Path(sys.argv[1])), encoding="utf-8")


if __name__ == "__main__":
    main()
