"""Characters that can be written in JSON but in no database and no request; used where the other side's words come in."""

from __future__ import annotations

REPLACEMENT = "\ufffd"


def legible(text: str) -> str:
    """Returns the text with NUL and halves of surrogate pairs replaced by U+FFFD; PostgreSQL and UTF-8 know neither."""
    if text.isascii():
        return text.replace("\x00", REPLACEMENT)
    return text.replace("\x00", REPLACEMENT).encode("utf-16", "surrogatepass").decode("utf-16", "replace")
