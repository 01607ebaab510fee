"""The chaos soak: `python -m tests.acceptance.soak --orders 500 [--seed n] [--control guard] [--result FILE]`.

Real receiver, pools, database and broker over both sandboxes; everything that can go wrong does. Status 0 only if every mark
is reached; with --control only if the checker caught that a guard was missing.
"""

from __future__ import annotations

import argparse
import json
import logging
import shutil
import signal
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType

from rich.console import Console

from connector.logs import configure_logs
from demo.errors import DemoError
from tests.acceptance.guards import GUARDS
from tests.acceptance.soak.progress import Progress
from tests.acceptance.soak.report import print_report, result
from tests.acceptance.soak.run import soak
from tests.acceptance.soak.size import Size

UNKNOWN_WIDTH = 150
"""Columns where there is no terminal to measure."""
INTERRUPTED = 130


def main() -> int:
    """Runs a soak and reports; keeps data and logs if anything is not as it must be."""
    arguments = _parse()
    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=UNKNOWN_WIDTH)
    configure_logs("ERROR")
    logging.captureWarnings(True)
    signal.signal(signal.SIGTERM, _interrupt)
    folder = Path(tempfile.mkdtemp(prefix="connector-soak-"))
    try:
        is_well = _run(console, arguments, folder)
    except DemoError as error:
        console.print(f"[bold red]The soak cannot go on.[/bold red] {error}", soft_wrap=True)
        is_well = False
    except KeyboardInterrupt:
        console.print("Interrupted.")
        shutil.rmtree(folder, ignore_errors=True)
        return INTERRUPTED
    if is_well:
        shutil.rmtree(folder, ignore_errors=True)
        return 0
    console.print(f"The logs of all processes are in {folder / 'logs'}, the ledger's data in {folder / 'postgres'}.")
    return 1


def _run(console: Console, arguments: argparse.Namespace, folder: Path) -> bool:
    size = Size(arguments.orders, arguments.seed)
    without = f", without {arguments.control}" if arguments.control else ""
    console.print(f"Chaos soak: {size.orders} orders, seed {size.seed}{without}")
    with Progress(console) as progress:
        outcome = soak(size, control=arguments.control, folder=folder, progress=progress)
    is_well = print_report(console, outcome)
    if arguments.result:
        text = json.dumps(result(outcome, at=datetime.now(UTC)), indent=2) + "\n"
        arguments.result.write_text(text, encoding="utf-8")
    return is_well


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.acceptance.soak", description="The chaos soak.")
    parser.add_argument("--orders", type=int, default=500, help="how many; 500 take 5 minutes, 5000 half an hour")
    parser.add_argument("--seed", type=int, default=1, help="draws orders, faults and strikes")
    parser.add_argument("--control", choices=GUARDS, help="switch one guard off: status 0 only if that was caught")
    parser.add_argument("--result", type=Path, metavar="FILE", help="write everything measured there, as JSON")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
