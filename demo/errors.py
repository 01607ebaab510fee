"""The one error of the demo: the stage or the story cannot go on; shown by demo/__main__.py."""

from __future__ import annotations


class DemoError(Exception):
    """What happened and where to look, in words for a person."""
