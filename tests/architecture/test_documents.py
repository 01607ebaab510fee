"""What documents, messages and docstrings name is there: files, headings, commands, entries of the store file."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import BaseModel

from connector.cli.main import COMMANDS, load_command
from connector.stores.config import StoreConfig

ROOT = Path(__file__).parents[2]
CODE = ("connector", "workers", "webhook_receiver", "sandbox", "demo", "bench", "tests")
MARKDOWN = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), ROOT / "sandbox" / "README.md"])
SOURCES = sorted(path for folder in CODE for path in (ROOT / folder).rglob("*.py"))
SPOKEN = [*MARKDOWN, *(path for path in SOURCES if path.relative_to(ROOT).parts[0] not in ("tests", "bench"))]

NAMED_FILE = re.compile(r"`([\w./-]+/[\w.-]+\.(?:py|md|ya?ml|example|toml))`")
FULL_PATH = re.compile(rf"\b((?:{'|'.join(CODE)}|config|docs)/[\w/.-]+\.(?:py|md|ya?ml))\b")
LINK = re.compile(r"\]\(([^)#:\s]*)(?:#([^)]*))?\)")
COMMAND = re.compile(r"(?:`|^    (?:\.venv/bin/)?|\$ )connector ([a-z][a-z-]+)(?: ([a-z][a-z-]+))?", re.MULTILINE)
ENTRY = re.compile(rf"`((?:{'|'.join(StoreConfig.model_fields)})(?:\.[a-z_0-9]+)+)(?::[^`]*)?`")
SHORT = (
    "",
    "tests/acceptance",
    "connector",
    "connector/flows",
    "sandbox",
    "tests",
    "tests/unit",
    "tests/integration",
    "tests/integration/flows",
)
"""Below which folders a file may be named shorter than from the root."""
NOT_OURS = {"config/stores/w1.yaml", "config/stores/w2.yaml"}
"""Files that an operator makes."""


def names(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def slug(heading: str) -> str:
    words = re.sub(r"[^\w\s-]", "", heading.replace("`", "").lower())
    return words.strip().replace(" ", "-")


def headings(path: Path) -> set[str]:
    return {slug(line.lstrip("#")) for line in path.read_text(encoding="utf-8").splitlines() if line.startswith("#")}


@pytest.mark.parametrize("path", MARKDOWN, ids=names)
def test_files_that_a_document_names_are_there(path: Path) -> None:
    named = set(NAMED_FILE.findall(path.read_text(encoding="utf-8"))) - NOT_OURS

    assert [one for one in sorted(named) if not any((ROOT / folder / one).exists() for folder in SHORT)] == []


@pytest.mark.parametrize("path", MARKDOWN, ids=names)
def test_links_lead_somewhere(path: Path) -> None:
    broken = []
    for target, heading in LINK.findall(path.read_text(encoding="utf-8")):
        file = (path.parent / target).resolve() if target else path
        if not file.exists() or (heading and heading not in headings(file)):
            broken.append(f"{target}#{heading}")

    assert broken == []


def test_files_that_code_names_are_there() -> None:
    gone = {
        f"{names(path)}: {one}"
        for path in SOURCES
        for one in FULL_PATH.findall(path.read_text(encoding="utf-8"))
        if one not in NOT_OURS and not (ROOT / one).exists()
    }

    assert sorted(gone) == []


def test_commands_that_anybody_is_told_of_exist() -> None:
    subcommands = {name: set(getattr(load_command(name), "commands", {})) for name in COMMANDS}
    wrong = {
        f"{names(path)}: connector {command} {sub}".strip()
        for path in SPOKEN
        for command, sub in COMMAND.findall(path.read_text(encoding="utf-8"))
        if command not in COMMANDS or (subcommands[command] and sub and sub not in subcommands[command])
    }

    assert sorted(wrong) == []


def test_entries_of_the_store_file_that_documents_name_exist() -> None:
    wrong = {
        f"{names(path)}: {entry}"
        for path in MARKDOWN
        for entry in ENTRY.findall(path.read_text(encoding="utf-8"))
        if not entry.endswith(".yaml") and not is_entry(entry)
    }

    assert sorted(wrong) == []


def is_entry(entry: str) -> bool:
    """Tells whether a path leads to a field of the store file; below a table of free names anything does."""
    models: list[type[BaseModel]] = [StoreConfig]
    for part in entry.split("."):
        fields = [model.model_fields[part].annotation for model in models if part in model.model_fields]
        if not fields:
            return not models
        models = [model for kind in fields for model in models_of(kind)]
    return True


def models_of(kind: Any) -> Iterator[type[BaseModel]]:
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        yield kind
    for inner in get_args(kind):
        yield from models_of(inner)
