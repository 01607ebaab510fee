"""The hand on messages that move stock, under /_control; `control` builds it in."""

from typing import Any

from flask import Blueprint, Response
from pydantic import BaseModel, ConfigDict

from sandbox.m3.control_bodies import body, locked
from sandbox.m3.programs.stock_messages import execute
from sandbox.m3.site import Site


class StockMessagesIn(BaseModel):
    """Body of stock/messages: what is left out is as at the start."""

    model_config = ConfigDict(extra="forbid")
    runs: bool = True  # whether a message is executed at once
    lists: bool = True  # whether they are listed by partner and external number
    fails: str = ""  # the id of the message (MSID) it fails with instead
    says: str = ""  # MSGD of one that was not executed: one character, or words


def route_stock_messages(control: Blueprint, site: Site) -> None:
    """Add the routes to the blueprint."""

    @control.post("/stock/messages")
    def stock_messages() -> Response:
        wanted = StockMessagesIn.model_validate(body() or {})

        def set_them() -> dict[str, Any]:
            site.state.runs_stock_messages, site.state.lists_stock_messages = wanted.runs, wanted.lists
            site.state.stock_messages_fail, site.state.stock_messages_say = wanted.fails, wanted.says
            return wanted.model_dump()

        return locked(site, set_them)

    @control.post("/stock/messages/<key>/run")
    def run_stock_message(key: str) -> Response:
        """What a person does in MMS850 with a message that was not executed."""

        def run() -> dict[str, Any]:
            found = [one for one in site.state.stock_messages.values() if one.number == key]
            for one in found:
                execute(site.state, one)
            return {"messages": len(found)}

        return locked(site, run)

    @control.post("/stock/messages/<key>/delete")
    def delete_stock_message(key: str) -> Response:
        """What a person, or a job that archives, does in MMS850; what it has moved stays moved."""

        def delete() -> dict[str, Any]:
            gone = [one for one, message in site.state.stock_messages.items() if message.number == key]
            for one in gone:
                del site.state.stock_messages[one]
            return {"messages": len(gone)}

        return locked(site, delete)
