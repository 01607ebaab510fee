"""The ION API gateway in front of M3: tokens, faults on the way, the time cut; `app` routes execute calls to it."""

import socket
from collections.abc import Callable
from functools import partial

from sandbox.m3.calls import Call
from sandbox.m3.envelope import Answer, answer, top_level_error
from sandbox.m3.execute import run_call
from sandbox.m3.faults import Fault, Plan, Settings
from sandbox.m3.refusals import InvalidCall
from sandbox.m3.site import Site
from sandbox.m3.state import State

CUT_STATUS = {Fault.HTTP_429: 429, Fault.HTTP_503: 503, Fault.HTTP_504: 504}


class ConnectionCut(Exception):
    """The connection was closed without an answer."""


class Gateway:
    """Takes a call from the wire to M3 and the answer back, or loses it on the way."""

    def __init__(self, site: Site) -> None:
        self._site = site

    def handle(self, read: Callable[[], Call], *, token: str, connection: socket.socket | None) -> Answer:
        """Answer one call.

        Raises:
            ConnectionCut: a fault closed the connection; there is nobody to answer to.
        """
        state = self._site.state
        with state.lock:
            state.http_calls += 1
        if not self._site.tokens.is_live(token):
            return Answer(401, {})
        try:
            call = read()
        except InvalidCall as error:
            return top_level_error(error)
        return self._carry(state, call, self._site.faults.plan(call), token=token, connection=connection)

    def _carry(self, state: State, call: Call, plan: Plan, *, token: str, connection: socket.socket | None) -> Answer:
        settings = plan.settings
        if plan.transport is Fault.LATE_ANSWER or plan.latency_s >= settings.gateway_cut_s:
            return self._answer_too_late(state, call, plan)
        if plan.latency_s:
            self._site.clock.sleep(plan.latency_s)
        if plan.transport is Fault.TOKEN_REVOKE:
            self._site.tokens.revoke(token)
            return Answer(401, {})
        if plan.transport in CUT_STATUS:
            return _cut_off(CUT_STATUS[plan.transport], settings)
        if plan.transport is Fault.HANG:
            self._site.clock.sleep(settings.hang_s)
        if plan.transport in (Fault.HANG, Fault.DROP_BEFORE_COMMIT):
            _cut(connection)
        done = execute(state, call, plan)
        if plan.transport is Fault.DROP_AFTER_COMMIT:
            _cut(connection)
        return done

    def _answer_too_late(self, state: State, call: Call, plan: Plan) -> Answer:
        """Answer 504 at the cut; M3 goes on working and takes effect later."""
        settings = plan.settings
        after_cut_s = max(plan.latency_s - settings.gateway_cut_s, settings.late_commit_s)
        self._site.clock.sleep(settings.gateway_cut_s)
        self._site.late.leave(partial(execute, state, call, plan), after_s=after_cut_s)
        return Answer(504, {})


def execute(state: State, call: Call, plan: Plan) -> Answer:
    """Run a call and write its answer."""
    try:
        outcomes = run_call(state, call, plan)
    except InvalidCall as error:
        return top_level_error(error)
    return answer(outcomes, is_bulk=call.is_bulk, nok_shape=plan.settings.nok_shape)


def _cut_off(status: int, settings: Settings) -> Answer:
    """Answer instead of M3; Retry-After is not documented, so it comes only where it is asked for."""
    wait_s = settings.retry_after_s if status == 429 else None
    return Answer(status, {}, {} if wait_s is None else {"Retry-After": str(wait_s)})


def _cut(connection: socket.socket | None) -> None:
    if connection is not None:
        connection.shutdown(socket.SHUT_RDWR)
    raise ConnectionCut
