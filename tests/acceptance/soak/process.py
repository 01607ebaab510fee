"""Runs a command of the Procfile in this process, without one guard or with a clock that is wrong.

`python -m tests.acceptance.soak.process [--without GUARD] [--clock SECONDS] -- celery -A workers.app:app worker ...`
The soak starts so what a negative control or the wrong clock needs; everything else it starts by the Procfile's own line.
"""

from __future__ import annotations

import argparse
import sys
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from importlib.metadata import entry_points

import time_machine

from tests.acceptance.guards import GUARDS, switched_off


def main() -> int:
    """Patches this process and becomes the command; processes it forks are patched, too."""
    arguments = _parse()
    program, *rest = arguments.command
    (script,) = entry_points(group="console_scripts", name=program)
    sys.argv = [program, *rest]
    with ExitStack() as changed:
        if arguments.clock:
            wrong = datetime.now(UTC) + timedelta(seconds=arguments.clock)
            changed.enter_context(time_machine.travel(wrong, tick=True))
        for guard in arguments.without:
            changed.enter_context(switched_off(guard))
        return int(script.load()() or 0)


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.acceptance.soak.process")
    parser.add_argument("--without", action="append", default=[], choices=GUARDS, help="a guard to be switched off")
    parser.add_argument("--clock", type=float, default=0, metavar="SECONDS", help="how far its clock is ahead")
    parser.add_argument("command", nargs="+", help="a line of the Procfile, behind --")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
