"""Sends one notification; run as a process of its own by workers/dead_letters.py, with the message on standard input."""

from __future__ import annotations

import json
import sys

import apprise


def main() -> int:
    """Reads {"urls", "title", "body"} and sends; returns 0 only if every URL took it."""
    message = json.load(sys.stdin)
    notifier = apprise.Apprise()
    understood = [notifier.add(url) for url in message["urls"]]
    return 0 if all(understood) and notifier.notify(title=message["title"], body=message["body"]) else 1


if __name__ == "__main__":
    sys.exit(main())
