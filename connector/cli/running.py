"""Finds the embedded servers and the key that `connector up` keeps in CONNECTOR_HOME; used by cli/opening.py."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from connector.vault.keyfile import key_file

DEFAULT_HOME = ".connector"
POSTMASTER_PORT_LINE = 3  # of postmaster.pid, from 0 (PostgreSQL, src/include/utils/pidfile.h)


def addresses_of_running(environment: Mapping[str, str]) -> dict[str, str]:
    """Returns DATABASE_URL, REDIS_URL and CONNECTOR_SECRET_KEYS of the installation here, as far as they are not set.

    Args:
        environment: The process environment; what it sets, also by NAME_FILE, is left alone.
    """
    home = Path(environment.get("CONNECTOR_HOME") or DEFAULT_HOME)
    known = {
        "DATABASE_URL": _postgres_url(home / "postgres"),
        "REDIS_URL": _valkey_url(home / "valkey"),
        "CONNECTOR_SECRET_KEYS": _read(key_file(home)).strip(),
    }
    is_set = {name for name in known if environment.get(name) or environment.get(f"{name}_FILE")}
    return {name: value for name, value in known.items() if value and name not in is_set}


def _postgres_url(folder: Path) -> str:
    lines = _read(folder / "data" / "postmaster.pid").splitlines()
    password = _read(folder / "password").strip()
    if len(lines) <= POSTMASTER_PORT_LINE or not password:
        return ""
    return f"postgresql+psycopg2://connector:{password}@127.0.0.1:{lines[POSTMASTER_PORT_LINE].strip()}/postgres"


def _valkey_url(folder: Path) -> str:
    lines = [line.split() for line in _read(folder / "valkey.conf").splitlines()]
    settings = {words[0]: words[1] for words in lines if len(words) > 1}
    if not {"port", "requirepass"} <= settings.keys():
        return ""
    return f"redis://:{settings['requirepass']}@127.0.0.1:{settings['port']}/0"


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError:
        return ""
