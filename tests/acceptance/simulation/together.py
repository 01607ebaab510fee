"""Shares a search out over processes, each with servers and a world of its own. Used by __main__.py."""

from __future__ import annotations

import multiprocessing
import queue
import traceback
from collections.abc import Callable
from dataclasses import replace
from multiprocessing.context import SpawnProcess
from multiprocessing.queues import Queue
from typing import Any

from tests.acceptance.simulation.search import Found, Search, search

LOOK_EVERY_S = 2.0
END_WITHIN_S = 30.0


def search_all(whole: Search, *, processes: int, on_example: Callable[[], None]) -> tuple[list[Found], list[str]]:
    """Runs a search in so many processes; the first violation of a control ends the others.

    Args:
        whole: The search; its examples are shared out, and each process has a seed of its own, counted up from this one.
        processes: How many.
        on_example: Called after each example.

    Returns:
        What came of each, and the tracebacks of those that failed themselves.
    """
    context = multiprocessing.get_context("spawn")
    messages: Queue[tuple[str, Any]] = context.Queue()
    children = [context.Process(target=_work, args=(one, messages)) for one in _shares(whole, processes)]
    for child in children:
        child.start()
    found: list[Found] = []
    errors: list[str] = []
    while len(found) + len(errors) < len(children):
        kind, content = _next(messages, children)
        if kind == "example":
            on_example()
        elif kind == "error":
            errors.append(content)
        else:
            found.append(content)
            if content.violation and whole.control:
                break
    _end(children, at_once=len(found) + len(errors) < len(children))
    return found, errors


def _shares(whole: Search, processes: int) -> list[Search]:
    share, rest = divmod(whole.examples, processes)
    return [replace(whole, examples=share + (place < rest), seed=whole.seed + place) for place in range(processes)]


def _next(messages: Queue[tuple[str, Any]], children: list[SpawnProcess]) -> tuple[str, Any]:
    while True:
        try:
            return messages.get(timeout=LOOK_EVERY_S)
        except queue.Empty:
            if failed := [child.exitcode for child in children if child.exitcode]:
                return "error", f"A process of the simulation ended with status {failed[0]}."


def _end(children: list[SpawnProcess], *, at_once: bool) -> None:
    for child in children:
        child.join(timeout=0 if at_once else END_WITHIN_S)
        if child.is_alive():
            child.terminate()
            child.join(timeout=END_WITHIN_S)


def _work(wanted: Search, messages: Queue[tuple[str, Any]]) -> None:
    try:
        messages.put(("found", search(wanted, on_example=lambda: messages.put(("example", None)))))
    except BaseException:  # noqa: BLE001 - shown by the process that waits
        messages.put(("error", traceback.format_exc()))
