"""Starts child processes that never outlive us; called by connector/embedded and connector/processes.py."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO

_PR_SET_PDEATHSIG = 1  # linux/prctl.h
# Loaded here and not after the fork: a forked child must not take the loader's locks.
_LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def start_child(
    command: Sequence[str],
    *,
    environment: Mapping[str, str],
    folder: Path | None = None,
    output: int | IO[bytes] = subprocess.DEVNULL,
    user: int | None = None,
    group: int | None = None,
    death_signal: int = signal.SIGTERM,
) -> subprocess.Popen[bytes]:
    """Starts `command` without a shell, in its own session, with output and errors in one stream.

    Its own session keeps Ctrl-C of a terminal from reaching it: we decide in which order things stop.
    On Linux the kernel sends it `death_signal` when the thread that started it ends, by whatever cause (kill -9 too),
    so call this from a thread that lives as long as the child is wanted.

    Args:
        command: Program and arguments.
        environment: The whole environment of the child.
        folder: Its working directory; ours if None.
        output: Where stdout and stderr go.
        user: Numeric user to run as (only root may ask for it).
        group: Numeric group to run as.
        death_signal: What the child gets when we die.

    Raises:
        OSError: The program cannot be started.
    """
    return subprocess.Popen(  # noqa: S603 - commands come from our own code and the Procfile, never from a request
        list(command),
        env=dict(environment),
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        user=user,
        group=group,
        extra_groups=[] if user is not None else None,
        preexec_fn=_die_with_parent(death_signal, parent=os.getpid()),
    )


def stop_child(process: subprocess.Popen[bytes], *, first: int = signal.SIGTERM, patience_s: float = 10) -> None:
    """Asks `process` to end by the signal `first`, kills its group after `patience_s`, returns when it has ended."""
    if process.poll() is None:
        process.send_signal(first)
        try:
            process.wait(timeout=patience_s)
        except subprocess.TimeoutExpired:
            kill_group(process)
    process.wait()


def kill_group(process: subprocess.Popen[bytes]) -> None:
    """Sends SIGKILL to `process` and everything it started in its session."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        process.kill()


def _die_with_parent(death_signal: int, *, parent: int) -> Callable[[], None] | None:
    if _LIBC is None:
        return None
    prctl = _LIBC.prctl

    def arrange() -> None:  # runs in the child after the fork and the change of user
        prctl(_PR_SET_PDEATHSIG, death_signal)
        if os.getppid() != parent:  # we died in between, so the signal will never come
            os._exit(1)

    return arrange
