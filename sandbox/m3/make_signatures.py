"""Write signatures.json, the compact catalogue of MI signatures the sandbox answers from; run by hand when they change.

Usage: python -m sandbox.m3.make_signatures FOLDER  (FOLDER holds one <PROGRAM>.json per MI program)
"""

import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any

TARGET = Path(__file__).with_name("signatures.json")
TYPES = {"string": "A", "number": "N"}


def compact_transaction(block: dict[str, Any], labels: dict[str, Counter[str]]) -> dict[str, Any]:
    """Shorten one published block to `[field, type, length, mandatory]` rows and count the labels on the way."""
    for name, spec in block["in"].items():
        labels.setdefault(name, Counter())[spec[3]] += 1
    for name, spec in block["out"].items():
        labels.setdefault(name, Counter())[spec[2]] += 1
    return {
        "title": block.get("title", ""),
        "in": [[name, TYPES[spec[0]], spec[1], int(spec[2])] for name, spec in block["in"].items()],
        "out": [[name, TYPES[spec[0]], spec[1]] for name, spec in block["out"].items()],
    }


def compact(folder: Path) -> dict[str, Any]:
    """Read every program of the folder.

    Transactions marked `verified: false` are left out: only their name was seen, so this site does not have them.
    GENERAL holds functions of the socket protocol that the REST interface lacks.
    """
    labels: dict[str, Counter[str]] = {}
    programs: dict[str, Any] = {}
    for path in sorted(folder.glob("*.json")):
        source = json.loads(path.read_text(encoding="utf-8"))
        if source["program"] == "GENERAL":
            continue
        transactions = {
            name: compact_transaction(block, labels)
            for name, block in source["transactions"].items()
            if block.get("verified", True)
        }
        programs[source["program"]] = {"title": source["title"], "transactions": transactions}
    best = {name: counted.most_common(1)[0][0] for name, counted in sorted(labels.items())}
    return {"labels": best, "programs": programs}


def main() -> None:
    """Write the file beside this module."""
    catalogue = compact(Path(sys.argv[1]))
    text = json.dumps(catalogue, ensure_ascii=False, separators=(",", ":"))
    TARGET.write_text(text.replace("]]},", "]]},\n") + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
