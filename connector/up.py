"""Runs the whole connector on one machine: embedded servers where none are named, migrations, every process.

Called by `connector up` and by the demo.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import structlog

from connector.children import start_child
from connector.embedded.postgres import embedded_postgres
from connector.embedded.valkey import embedded_valkey
from connector.errors import ConfigurationError
from connector.ports import is_free
from connector.processes import ProcessType, Supervisor, child_environment, read_procfile

LOG = structlog.get_logger()
_BIND = re.compile(r"(?<!\S)(--bind\b|-b)")


@dataclass(frozen=True)
class _Listener:
    """A process type that listens, on the port a setting names."""

    process: str
    what: str
    setting: str
    default: int

    def is_elsewhere(self, environment: Mapping[str, str]) -> bool:
        """Tells whether gunicorn is told to listen on an address of its own, whatever the setting says."""
        return self.process == "web" and _BIND.search(environment.get("GUNICORN_CMD_ARGS", "")) is not None

    def port(self, environment: Mapping[str, str]) -> int:
        """Returns its port.

        Raises:
            ConfigurationError: The setting holds none.
        """
        value = environment.get(self.setting) or str(self.default)
        if not (value.isascii() and value.isdigit() and 0 < int(value) < 65536):
            raise ConfigurationError(
                f"{self.setting} {value!r} is no port.",
                resolution="Set it to a number from 1 to 65535, or leave it out.",
            )
        return int(value)


LISTENERS = (_Listener("web", "the receiver", "PORT", 8080), _Listener("flower", "Flower", "FLOWER_PORT", 5555))
RELEASE = "release"  # the Procfile's one-off step: migrations
# Celery then ends on SIGTERM softly: it gives running and waiting messages back instead of waiting for long tasks.
SOFT_SHUTDOWN = {"REMAP_SIGTERM": "SIGQUIT"}


def run_all(procfile: Path, environment: Mapping[str, str], *, home: Path) -> int:
    """Runs everything in the foreground until SIGTERM or Ctrl-C.

    Args:
        procfile: The list of processes; `release` runs first and once.
        environment: Environment of every process; DATABASE_URL and REDIS_URL may be missing.
        home: Folder of the embedded servers' data, kept between runs.

    Returns:
        An exit status: 0 after an orderly stop, else that of the release step.

    Raises:
        ConfigurationError: The Procfile or the embedded servers cannot be used, or a port is in use.
    """
    types = read_procfile(procfile)
    addresses = _free_addresses({one.name for one in types}, environment)
    with servers(environment, home=home) as complete:
        status = release(types, complete)
        if status == 0:
            write_line("up", f"{addresses}Commands given in this folder find this installation. Ctrl-C ends it.")
            started = [one for one in types if one.name != RELEASE]
            Supervisor(started, environment=complete, output=write_line).run()
        return status


def _free_addresses(names: set[str], environment: Mapping[str, str]) -> str:
    """Makes sure that what listens will find its port free, and returns the addresses as a text to stand before others."""
    listening = [one for one in LISTENERS if one.process in names and not one.is_elsewhere(environment)]
    ports = [one.port(environment) for one in listening]
    for one, port in zip(listening, ports, strict=True):
        if not is_free(port):
            raise ConfigurationError(
                f"Port {port}, where {one.what} listens, is in use.",
                resolution=f"Perhaps another `connector up` runs: end it, or set {one.setting} to another port.",
            )
    return "".join(
        f"{one.what[0].upper()}{one.what[1:]} is at http://127.0.0.1:{port}. "
        for one, port in zip(listening, ports, strict=True)
    )


@contextmanager
def servers(environment: Mapping[str, str], *, home: Path, durable: bool = True) -> Iterator[dict[str, str]]:
    """Yields `environment` with DATABASE_URL and REDIS_URL; starts an embedded server for each that is missing.

    Args:
        environment: What is set already; a NAME_FILE counts as set.
        home: Folder for `postgres` and `valkey`.
        durable: False for throw-away data.
    """
    started = {}
    try:
        for name, start in (("DATABASE_URL", embedded_postgres), ("REDIS_URL", embedded_valkey)):
            if not environment.get(name) and not environment.get(f"{name}_FILE"):
                started[name] = start(home / start.__name__.removeprefix("embedded_"), durable=durable)
        yield {**SOFT_SHUTDOWN, **environment, **{name: server.url for name, server in started.items()}}
    finally:
        for server in reversed(started.values()):
            server.stop()


def release(types: list[ProcessType], environment: Mapping[str, str]) -> int:
    """Runs the release step of the Procfile to its end and returns its exit status (0 if there is none)."""
    step = next((one for one in types if one.name == RELEASE), None)
    if step is None:
        return 0
    try:
        process = start_child(step.command, environment=child_environment(environment), output=subprocess.PIPE)
    except OSError as error:
        raise ConfigurationError(
            f"The release step cannot be started: {error.strerror} ({step.command[0]}).",
            resolution="Install the connector into this environment (make setup).",
        ) from None
    assert process.stdout is not None, "a pipe was asked for"
    with process.stdout as lines:
        for line in lines:
            write_line(step.name, line.decode("utf-8", errors="replace").rstrip())
    status = process.wait()
    if status != 0:
        LOG.error("release_failed", status=status)
    return status


def write_line(name: str, line: str) -> None:
    """Writes one line of a process to stdout with its name before it."""
    sys.stdout.write(f"{name:<17} | {line}\n")
    sys.stdout.flush()
