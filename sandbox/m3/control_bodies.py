"""What the control routes share: reading a JSON body, changing the state under its lock."""

from collections.abc import Callable
from typing import Any

from flask import Response, jsonify, request

from sandbox.m3.site import Site


def body() -> Any:
    """Give the JSON body, None without one."""
    return request.get_json(silent=True, force=True)


def as_list(content: Any) -> Any:
    """Make a list of a body that may be one object."""
    return content if isinstance(content, list) else [content]


def locked(site: Site, change: Callable[[], dict[str, Any]]) -> Response:
    """Change the state under its lock and answer what came of it."""
    with site.state.lock:
        return jsonify(change())
