"""PostgreSQL from its wheel: the cluster made on first use, the user it runs as, its settings."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import stat
from pathlib import Path

import structlog

from connector.children import start_child
from connector.embedded.server import EmbeddedServer, data_folder, end_of, kept_password, package_folder, started
from connector.errors import ConfigurationError
from connector.ports import LOOPBACK, free_port
from connector.settings import environment

LOG = structlog.get_logger()
SUPERUSER = "connector"
UNPRIVILEGED_USER = "nobody"  # PostgreSQL refuses to run as root
_INITDB_OPTIONS = (
    "--auth=scram-sha-256",
    "--encoding=UTF8",
    "--locale=C",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",  # the same order on every machine
    "--no-sync",  # the first checkpoint writes it; there is nothing to lose before
    "--no-instructions",
)


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
    binaries = package_folder("embedded_postgres", setting="DATABASE_URL") / "pginstall" / "bin"
    root = data_folder(data_dir)
    owner = _server_user(root / "data")

    def prepare() -> None:
        if owner is not None:
            _let_pass(root / "data", user=owner.pw_uid)
            _let_pass(binaries / "postgres", user=owner.pw_uid)

    prepare()
    password = kept_password(root / "password", owner)
    _create_cluster(binaries / "initdb", root, owner)
    port = free_port()
    server = EmbeddedServer(
        name="postgres",
        url=f"postgresql+psycopg2://{SUPERUSER}:{password}@{LOOPBACK}:{port}/postgres",
        command=[str(binaries / "postgres"), "-D", str(root / "data"), *_postgres_options(port, durable=durable)],
        log=root / "postgres.log",
        is_ready=lambda pid: _postmaster_status(root / "data") == (pid, "ready"),
        stop_signal=signal.SIGINT,  # "fast": ends connections; SIGTERM would wait for them to leave
        user=owner.pw_uid if owner else None,
        group=owner.pw_gid if owner else None,
        prepare=prepare,
    )
    return started(server)


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
            f"The embedded database cannot be created in {root}:\n{end_of(root / 'initdb.log')}",
            resolution="Choose another folder by CONNECTOR_HOME, or set DATABASE_URL to a server of your own.",
        )
    fresh.rename(root / "data")


def _postgres_options(port: int, *, durable: bool) -> list[str]:
    options = {
        "listen_addresses": LOOPBACK,
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
