"""The hand on the events, under /_control; `control` builds it in."""

from typing import Any

from flask import Blueprint, Response, jsonify

from sandbox.m3.control_bodies import body
from sandbox.m3.events.settings import EventSettings
from sandbox.m3.site import Site

HIDDEN = {"basic", "api_key"}


def route_events(control: Blueprint, site: Site) -> None:
    """Add the routes to the blueprint."""

    @control.post("/events")
    def set_events() -> Response:
        site.set_events(EventSettings.model_validate(body() or {}))
        return jsonify(_shown(site))

    @control.get("/events")
    def show_events() -> Response:
        return jsonify(_shown(site))

    @control.post("/events/flush")
    def flush_events() -> Response:
        if site.events is not None:
            site.events.flush()
        return jsonify(_shown(site))


def _shown(site: Site) -> dict[str, Any]:
    """Write settings and counts; keys and passwords stay out of it."""
    if site.events is None:
        return {"settings": None}
    return {"settings": site.events.settings.model_dump(mode="json", exclude=HIDDEN), **site.events.counts()}
