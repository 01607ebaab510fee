"""The option --flow of the listings: a flow there is, or the ones there are. Used by commands that list what flows left."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Annotated

import typer

from connector.flows.registry import FLOWS


def _known(name: str | None) -> str | None:
    if name is None or name in FLOWS:
        return name
    close = get_close_matches(name, FLOWS, n=1)
    meant = f"did you mean {close[0]}?" if close else f"there are {', '.join(FLOWS)}."
    raise typer.BadParameter(f"there is no flow {name!r}; {meant}")


Flow = Annotated[str | None, typer.Option(help="Of this flow alone, like orders_to_m3.", callback=_known)]
