"""Runs Flower over the pools, safe by default: `python -m workers.monitor`, the Procfile's flower line.

Flower opens its pages to everybody who reaches them unless told otherwise (CVE-2022-30034 and its kind); so it
listens on loopback only, and anywhere else only with a password. It shows and changes nothing.
"""

from __future__ import annotations

import ipaddress
import sys
from collections.abc import Mapping

from connector.broker import make_app
from connector.errors import ConfigurationError
from connector.logs import configure_logs
from connector.settings import environment, read_settings

LOOPBACK = "127.0.0.1"
BROKER_CONNECTIONS = 40


def flower_arguments(variables: Mapping[str, str]) -> list[str]:
    """Returns Flower's command line.

    Args:
        variables: The environment. FLOWER_ADDRESS is where to listen (loopback if not set), FLOWER_BASIC_AUTH the
            `user:password` to ask for; Flower reads it, FLOWER_PORT and FLOWER_URL_PREFIX itself.

    Raises:
        ConfigurationError: It would listen beyond loopback without a password.
    """
    address = variables.get("FLOWER_ADDRESS") or LOOPBACK
    if not _is_loopback(address) and not variables.get("FLOWER_BASIC_AUTH"):
        raise ConfigurationError(
            f"Flower would show the work of all stores at {address} to everybody.",
            resolution="Set FLOWER_BASIC_AUTH to user:password, or leave FLOWER_ADDRESS out to listen on loopback.",
        )
    return [
        "flower",
        f"--address={address}",
        "--read_only=True",
        # The history is in the ledger; Flower keeps the newest in memory (flower #1305) and no file (flower #1403).
        "--max_tasks=5000",
        "--persistent=False",
    ]


def main() -> int:
    """Runs Flower until SIGTERM and returns an exit status."""
    try:
        settings = read_settings()
        configure_logs(settings.log_level)
        arguments = flower_arguments(environment())
    except ConfigurationError as error:
        sys.stderr.write(f"{error.message}\n{error.resolution}\n")
        return 1
    app = make_app(settings.redis_url)  # the sending app: Flower needs no ledger and no clients
    # Flower asks all workers many things at once, and each question takes two connections: a small pool locks it up.
    app.conf.broker_pool_limit = BROKER_CONNECTIONS
    app.start(arguments)
    return 0


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return address == "localhost"


if __name__ == "__main__":
    sys.exit(main())
