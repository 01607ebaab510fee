"""Keeps the secret key of a deployment without CONNECTOR_SECRET_KEYS in a file; used by `connector up` and demo."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from connector.errors import ConfigurationError
from connector.vault.cipher import generate_key

FILE_NAME = "secret_keys"


def key_file(home: Path) -> Path:
    """Returns where the key of the installation in `home` is kept; the file may not exist yet."""
    return home / FILE_NAME


def ensure_key_file(home: Path) -> Path:
    """Returns the key file of `home`, made with a new key and readable by its owner alone if it was missing.

    Two processes may call this at once: one makes the file, both get the same. Its path can be given to other processes
    as CONNECTOR_SECRET_KEYS_FILE.

    Args:
        home: CONNECTOR_HOME; made if missing.

    Raises:
        ConfigurationError: The folder cannot be written.
    """
    path = key_file(home)
    try:
        home.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            _write_once(path)
    except OSError as error:
        raise ConfigurationError(
            f"The secret key cannot be kept in {path} ({error.strerror}).",
            resolution="Set CONNECTOR_HOME to a folder that can be written, or set CONNECTOR_SECRET_KEYS.",
        ) from None
    return path


def _write_once(path: Path) -> None:
    draft = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    draft.touch(mode=0o600)
    draft.write_text(generate_key() + "\n", encoding="ascii")
    try:
        os.link(draft, path)  # complete or not at all, and never over an existing key
    except FileExistsError:
        pass
    finally:
        draft.unlink()
